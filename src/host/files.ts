/** Small text files. */
import { access, readFile, rename } from "node:fs/promises";
import type { Files } from "../prefect/ports.ts";
import { AtomicFile } from "./atomic-file.ts";
import { errnoOf } from "./errno.ts";

export const files: Files = {
  async read(path) {
    try {
      return await readFile(path, "utf8");
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      return undefined;
    }
  },

  write: (path, text) => new AtomicFile(path).write(text),

  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),

  rename,
};
