/**
 * Sets the content of a file aside and empties it in place, for those who hold it open go on
 * writing into it. What they write between the last look and the truncation, a few microseconds,
 * is lost; so is the beginning of a file that has more than twice its measure.
 */
import { ftruncateSync, readSync, renameSync, writeSync } from "node:fs";
import { type FileHandle, open, rm } from "node:fs/promises";
import { errnoOf } from "./errno.ts";

export interface RotationLimits {
  /** When a file is set aside. One that grows meanwhile is kept with twice as much, and 2 MiB. */
  readonly maxBytes: number;
  /** How many files are kept beside the current one: `.1` is the newest. At least 1. */
  readonly keep: number;
}

const chunkBytes = 512 * 1024;
/** After so many short reads the writer is faster than we are: then its loss is what bounds it. */
const mostSyncReads = 4;

/** Resolves to the number of bytes at the beginning that were not kept. */
export async function copyAndTruncate(path: string, limits: RotationLimits): Promise<number> {
  await using source = await open(path, "r+");
  await using target = await open(`${path}.new`, "w", 0o640);
  const buffer = Buffer.allocUnsafeSlow(chunkBytes);
  const { size } = await source.stat();
  const dropped = Math.max(0, size - 2 * limits.maxBytes);
  try {
    const end = await copyMost(source, target, buffer, dropped, dropped + 2 * limits.maxBytes);
    shiftKept(path, limits.keep);
    copyRest(source.fd, target.fd, buffer, end);
    ftruncateSync(source.fd, 0);
    return dropped;
  } catch (error) {
    // On a full disk for instance. The bound comes before the content.
    ftruncateSync(source.fd, 0);
    await rm(`${path}.new`, { force: true });
    throw error;
  }
}

/** The bulk, off the event loop, until it has caught up with the writer. */
async function copyMost(
  source: FileHandle,
  target: FileHandle,
  buffer: Buffer,
  from: number,
  to: number,
): Promise<number> {
  for (let at = from; at < to; ) {
    const { bytesRead } = await source.read(buffer, 0, buffer.length, at);
    if (bytesRead > 0) await target.write(buffer, 0, bytesRead);
    at += bytesRead;
    if (bytesRead < buffer.length) return at;
  }
  return to;
}

/** What was written meanwhile, and at once what was written during that. */
function copyRest(source: number, target: number, buffer: Buffer, from: number): void {
  let at = from;
  for (let reads = 0; reads < mostSyncReads; reads += 1) {
    const length = readSync(source, buffer, 0, buffer.length, at);
    if (length === 0) return;
    writeSync(target, buffer, 0, length);
    at += length;
  }
}

function shiftKept(path: string, keep: number): void {
  for (let number = keep; number > 1; number -= 1) {
    renameIfThere(`${path}.${number - 1}`, `${path}.${number}`);
  }
  renameSync(`${path}.new`, `${path}.1`);
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== "ENOENT") throw error;
  }
}
