/**
 * Where the control socket is. A socket's path may be no longer than 107 bytes and a state folder's
 * may, so the socket itself can lie elsewhere; `<state_dir>/control.sock` always leads to it.
 */
import { readlinkSync } from "node:fs";
import { join, resolve } from "node:path";

export type SocketPlace =
  | { readonly kind: "in-state-folder"; readonly path: string }
  | { readonly kind: "in-runtime-folder"; readonly path: string; readonly link: string }
  /** In a new folder `<prefix>XXXXXX`. */
  | { readonly kind: "in-fresh-folder"; readonly prefix: string; readonly link: string }
  | { readonly kind: "nowhere"; readonly why: string };

export interface SocketFolders {
  readonly stateDir: string;
  /** $RUNTIME_DIRECTORY, if systemd gave one. */
  readonly runtimeDirectory: string | undefined;
  /** For what is short-lived: os.tmpdir(). */
  readonly temporary: string;
}

const maxPathBytes = 107;
const socketName = "control.sock";
const folderPrefix = "sails-supervisor-";

export function placeSocket({ stateDir, runtimeDirectory, temporary }: SocketFolders): SocketPlace {
  const link = linkIn(stateDir);
  // systemd joins several with colons; the first is the one named after the unit.
  const [runtime] = (runtimeDirectory ?? "").split(":");
  if (runtime) {
    const path = join(runtime, socketName);
    if (path !== link && fits(path)) return { kind: "in-runtime-folder", path, link };
  }
  if (fits(link)) return { kind: "in-state-folder", path: link };
  const prefix = join(temporary, folderPrefix);
  if (fits(join(`${prefix}XXXXXX`, socketName))) return { kind: "in-fresh-folder", prefix, link };
  return {
    kind: "nowhere",
    why: `the paths of the state folder (${stateDir}) and of the temporary folder (${temporary}) are both too long for a socket, which may have ${maxPathBytes} bytes. Choose a shorter state_dir, or set TMPDIR`,
  };
}

/** The socket of the daemon of this state folder, whether or not one runs. */
export function findSocket(stateDir: string): string {
  const link = linkIn(stateDir);
  try {
    return resolve(stateDir, readlinkSync(link));
  } catch {
    // It is the socket itself, or it is not there.
    return link;
  }
}

/** Whether `folder` was made for a socket, so that it may go with it. */
export const isFreshFolder = (folder: string): boolean =>
  /^sails-supervisor-\w{6}$/.test(folder.slice(folder.lastIndexOf("/") + 1));

const linkIn = (stateDir: string): string => join(resolve(stateDir), socketName);

const fits = (path: string): boolean => Buffer.byteLength(path) <= maxPathBytes;
