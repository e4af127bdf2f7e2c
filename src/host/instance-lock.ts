/**
 * One daemon for each state folder. The lock is the name of an abstract socket: the kernel gives it
 * up when the daemon dies, in whatever way, and children do not inherit it. A file would be left.
 */
import { createHash } from "node:crypto";
import { readFileSync, realpathSync } from "node:fs";
import { createServer } from "node:net";
import { errnoOf } from "./errno.ts";
import { findSocketOwner } from "./socket-owner.ts";

export type InstanceLock =
  | { readonly kind: "locked"; readonly lock: Disposable }
  /** Undefined if it is a process of another user. */
  | { readonly kind: "taken"; readonly pid: number | undefined };

/** @param folder must be there */
export function lockInstance(folder: string): Promise<InstanceLock> {
  const { promise, resolve, reject } = Promise.withResolvers<InstanceLock>();
  const name = lockName(folder);
  const server = createServer((connection) => connection.destroy());
  server.unref();
  server.once("error", (error) => {
    if (errnoOf(error) === "EADDRINUSE") resolve({ kind: "taken", pid: findHolder(name) });
    else reject(error);
  });
  server.listen(`\0${name}`, () =>
    resolve({ kind: "locked", lock: { [Symbol.dispose]: () => void server.close() } }),
  );
  return promise;
}

/** Of the real path: a symbolic link to the folder must not open a second door. */
function lockName(folder: string): string {
  const hash = createHash("sha256").update(realpathSync(folder)).digest("hex");
  return `sails-supervisor/${hash}`;
}

function findHolder(name: string): number | undefined {
  const line = readFileSync("/proc/net/unix", "latin1")
    .split("\n")
    .find((entry) => entry.endsWith(` @${name}`));
  const inode = line?.trim().split(/\s+/)[6];
  return inode === undefined ? undefined : findSocketOwner(inode);
}
