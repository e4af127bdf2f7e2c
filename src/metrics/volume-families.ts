/** The families that tell of the file systems which the installation lies on. */
import type { Families } from "./family.ts";

const volume = { volume: ["home", "environment", "backups", "state"] } as const;

export const volumeFamilies = {
  sails_volume_size_bytes: {
    type: "gauge",
    labels: volume,
    help: "Size of the file system.",
    how: "every five minutes while somebody scrapes, by a child with a time limit; absent where the folder is not there or does not answer",
  },
  sails_volume_free_bytes: {
    type: "gauge",
    labels: volume,
    help: "Space left for unprivileged users.",
    how: "as the size",
  },
} as const satisfies Families;
