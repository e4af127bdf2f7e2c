/**
 * The Node that runs the supervisors. The benchmark itself runs on a copy of it: the pages of one
 * and the same file would be shared with it, and be missing from the PSS of what it measures.
 */
import { copyFileSync, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import { tools } from "./places.ts";

const originVariable = "SAILS_BENCH_NODE";
const copy = join(tools, `node-${process.versions.node}`);

export const ourNode = (): string => process.env[originVariable] ?? process.execPath;

/** Does not return where it has to become the copy first. */
export function becomeCopy(): void {
  if (process.env[originVariable] !== undefined) return;
  if (!existsSync(copy) || statSync(copy).size !== statSync(process.execPath).size) {
    mkdirSync(tools, { recursive: true });
    copyFileSync(process.execPath, `${copy}.new`);
    renameSync(`${copy}.new`, copy);
  }
  const env = { ...process.env, [originVariable]: process.execPath };
  process.execve?.(copy, [copy, ...process.execArgv, ...process.argv.slice(1)], env);
}
