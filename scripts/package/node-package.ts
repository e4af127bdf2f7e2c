/** The npm package with Node for a processor: the installed one, or for another processor fetched. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { access, mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Shipped } from "./shipped.ts";

const run = promisify(execFile);

/** Returns its folder, with `bin/node` and `LICENSE`. */
export async function nodePackage(root: string, node: Shipped): Promise<string> {
  const installed = join(root, node.folder);
  if (await isThere(join(installed, "bin/node"))) return installed;
  const fetched = join(root, ".tools/node-packages", `${node.name}-${node.version}`);
  if (!(await isThere(fetched))) await fetch(node, fetched);
  return fetched;
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

async function fetch({ name, version, integrity }: Shipped, folder: string): Promise<void> {
  const unpacked = `${folder}.new`;
  await rm(unpacked, { recursive: true, force: true });
  await mkdir(unpacked, { recursive: true });
  await run("npm", ["pack", `${name}@${version}`, "--ignore-scripts"], { cwd: unpacked });
  const archive = join(unpacked, `${name}-${version}.tgz`);
  checkIntegrity(await readFile(archive), integrity, name);
  const wanted = ["package/bin/node", "package/LICENSE"];
  const words = ["-xzf", archive, "-C", unpacked, "--strip-components=1", ...wanted];
  await run("tar", words);
  await rm(archive);
  await rename(unpacked, folder);
}

/** @throws when it is not what package-lock.json names */
export function checkIntegrity(archive: Uint8Array, integrity: string, name: string): void {
  const [algorithm = "", wanted] = integrity.split(/-(.*)/s);
  const found = createHash(algorithm).update(archive).digest("base64");
  if (found !== wanted) {
    throw new Error(`${name} is not what package-lock.json names: ${algorithm}-${found}`);
  }
}
