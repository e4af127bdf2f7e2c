/** A socket file outlives the daemon that was killed. Who owns one is told by whether it answers. */
import { lstatSync, rmSync } from "node:fs";
import { connect } from "node:net";

export type SocketFile =
  | { readonly kind: "absent" }
  | { readonly kind: "removed" }
  | { readonly kind: "in-use" }
  | { readonly kind: "unusable"; readonly why: string };

/** Removes the socket file that nobody listens on, or the link to where one was. */
export async function clearStaleSocket(path: string): Promise<SocketFile> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { kind: "absent" };
  if (stats.isSymbolicLink()) {
    // Of a daemon that had its socket elsewhere. Whether that one lives is asked there.
    rmSync(path, { force: true });
    return { kind: "removed" };
  }
  // Connecting to any other file is refused, too; it is not ours to remove.
  if (!stats.isSocket()) return { kind: "unusable", why: `${path} is there and is no socket` };
  const code = await probe(path);
  if (code === undefined || code === "EAGAIN") return { kind: "in-use" };
  if (code !== "ECONNREFUSED" && code !== "ENOENT")
    return { kind: "unusable", why: `${path} cannot be connected to: ${code}` };
  rmSync(path, { force: true });
  return { kind: "removed" };
}

/** Undefined if somebody answers, else the code of the error. */
function probe(path: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ path })
    .once("connect", () => resolve(undefined))
    .once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  return promise.finally(() => socket.destroy());
}
