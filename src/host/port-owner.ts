/** Whether a port can be listened on, and if not, who does. */
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { errnoOf } from "./errno.ts";
import { commandLine } from "./processes.ts";
import { findSocketOwner } from "./socket-owner.ts";
import { isInTheWay, parseTcpListeners } from "./tcp-listeners.ts";

export type PortState =
  | { readonly kind: "free" }
  | { readonly kind: "taken" }
  /** The address is none of this machine's. */
  | { readonly kind: "no-such-address" }
  /** Ports below 1024 are the system's. */
  | { readonly kind: "not-permitted" }
  | { readonly kind: "unusable"; readonly why: string };

export type PortOwner =
  | {
      readonly kind: "process";
      readonly pid: number;
      readonly command: readonly string[];
      readonly user: string;
    }
  /** We may not look into the processes of others. */
  | { readonly kind: "hidden"; readonly user: string; readonly cure: string }
  | { readonly kind: "nobody" };

/** Listens for a moment: the rules for any address, one address and both families are the kernel's. */
export function probePort(host: string, port: number): Promise<PortState> {
  const { promise, resolve } = Promise.withResolvers<PortState>();
  const server = createServer((connection) => connection.destroy());
  server.once("error", (error) => resolve(refusal(error)));
  server.listen({ host, port, exclusive: true }, () =>
    server.close(() => resolve({ kind: "free" })),
  );
  return promise;
}

export function findPortOwner(host: string, port: number): PortOwner {
  const listener = ["/proc/net/tcp", "/proc/net/tcp6"]
    .flatMap((table) => parseTcpListeners(readTable(table)))
    .find((candidate) => candidate.port === port && isInTheWay(candidate, host));
  if (listener === undefined) return { kind: "nobody" };
  const user = userName(listener.uid);
  const pid = findSocketOwner(listener.inode);
  if (pid !== undefined) return { kind: "process", pid, command: commandLine(pid) ?? [], user };
  return { kind: "hidden", user, cure: `\`sudo ss -ltnp 'sport = :${port}'\` names it` };
}

function refusal(error: Error): PortState {
  switch (errnoOf(error) ?? "") {
    case "EADDRINUSE":
      return { kind: "taken" };
    case "EADDRNOTAVAIL":
      return { kind: "no-such-address" };
    case "EACCES":
      return { kind: "not-permitted" };
    default:
      return { kind: "unusable", why: error.message };
  }
}

function readTable(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch (error) {
    // A kernel without IPv6 has only the one.
    if (errnoOf(error) === "ENOENT") return "";
    throw error;
  }
}

/** From the local table alone: a directory service may take seconds to answer. */
function userName(uid: number): string {
  const line = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((entry) => entry.split(":")[2] === String(uid));
  return line?.split(":")[0] ?? `uid ${uid}`;
}
