/** Files that are there after a loss of power, too. */
import { constants } from "node:fs";
import { copyFile, open } from "node:fs/promises";

export async function flush(path: string): Promise<void> {
  await using handle = await open(path, "r");
  await handle.sync();
}

export async function copyDurably(from: string, to: string): Promise<void> {
  // Where the file system can, the two share their blocks.
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await flush(to);
}
