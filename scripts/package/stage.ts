/** Lays a tree out in a folder, so that nothing in it tells of the machine or the hour. */
import { chmod, copyFile, lutimes, mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Tree } from "./tree.ts";

/** @param date every file and folder was changed then */
export async function stage(tree: Tree, folder: string, date: Date): Promise<void> {
  for (const [path, entry] of tree) {
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true });
    if (entry.kind === "link") await symlink(entry.to, target);
    else if (entry.kind === "file") await copyFile(entry.from, target);
    else await writeFile(target, entry.content);
    if (entry.kind !== "link") await chmod(target, entry.isProgram === true ? 0o755 : 0o644);
  }
  await settle(folder, date);
}

async function settle(folder: string, date: Date): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await settle(path, date);
    else await lutimes(path, date, date);
  }
  await chmod(folder, 0o755);
  await lutimes(folder, date, date);
}
