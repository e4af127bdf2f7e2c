/** Files of our own, in folders that are made as they are needed. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

export const scratchFiles = {
  read: (path: string): Promise<string> => readFile(path, "utf8"),

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  },

  remove: (path: string): Promise<void> => rm(path, { recursive: true, force: true }),
};
