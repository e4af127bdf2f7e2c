/** All examinations, in the order of the documents. */
import { configuration } from "./configuration.ts";
import type { Examination } from "./examination.ts";
import { backups } from "./examinations/backups.ts";
import { clock } from "./examinations/clock.ts";
import { daemon } from "./examinations/daemon.ts";
import { deployments } from "./examinations/deployments.ts";
import { disk } from "./examinations/disk.ts";
import { drains } from "./examinations/drains.ts";
import { homeVolume } from "./examinations/home-volume.ts";
import { journal } from "./examinations/journal.ts";
import { lateRuns } from "./examinations/late-runs.ts";
import { limits } from "./examinations/limits.ts";
import { mounts } from "./examinations/mounts.ts";
import { openPort } from "./examinations/open-port.ts";
import { poolsWithoutWorker } from "./examinations/pools-without-worker.ts";
import { prefectApi } from "./examinations/prefect-api.ts";
import { schedules } from "./examinations/schedules.ts";
import { secretFiles } from "./examinations/secret-files.ts";
import { sessions } from "./examinations/sessions.ts";
import { shellProfile } from "./examinations/shell-profile.ts";
import { twoServers } from "./examinations/two-servers.ts";
import { unitFile } from "./examinations/unit-file.ts";
import { versions } from "./examinations/versions.ts";

export const examinations: readonly Examination[] = [
  daemon,
  prefectApi,
  versions,
  twoServers,
  openPort,
  secretFiles,
  homeVolume,
  mounts,
  disk,
  backups,
  poolsWithoutWorker,
  deployments,
  schedules,
  lateRuns,
  limits,
  drains,
  unitFile,
  journal,
  clock,
  sessions,
  shellProfile,
];

/** The table of docs/doctor.md. */
export const renderTable = (): string =>
  [
    "| examination | finds that |",
    "|---|---|",
    ...[configuration, ...examinations].map(({ name, finds }) => `| \`${name}\` | ${finds} |`),
  ].join("\n");
