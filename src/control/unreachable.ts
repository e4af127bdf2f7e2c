/** Why the daemon could not be asked, and what the reader can do. */
import { readFileSync, statSync } from "node:fs";

export interface Unreachable {
  readonly kind: "unreachable";
  readonly why: string;
  readonly cure: string;
}

export function explainUnreachable(code: string, socket: string, stateDir: string): Unreachable {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "ECONNREFUSED":
      return unreachable(
        `the daemon does not run for the state folder ${stateDir}`,
        "start it with `systemctl start sails-supervisor`, or `sails-supervisor run` in a terminal. If it runs for another folder, say which with --config",
      );
    case "EACCES":
    case "EPERM":
      return unreachable(
        `your user may not talk to the daemon on ${socket}`,
        membership(groupOf(socket, stateDir)),
      );
    case "ETIMEDOUT":
      return unreachable(
        "the daemon is there but does not answer",
        "`systemctl status sails-supervisor` and `journalctl -u sails-supervisor` tell more; `systemctl restart sails-supervisor` leaves units and flows running",
      );
    case "ECONNRESET":
    case "EPIPE":
      return unreachable("the daemon ended before it answered", "ask again when it runs");
    default:
      return unreachable(
        `the daemon cannot be reached on ${socket}: ${code}`,
        "`systemctl status sails-supervisor` says whether it runs",
      );
  }
}

const unreachable = (why: string, cure: string): Unreachable => ({
  kind: "unreachable",
  why,
  cure,
});

const membership = (group: string | undefined): string =>
  group === undefined
    ? "be a member of the group that the daemon runs with, or use sudo"
    : `be a member of the group ${group} (\`sudo usermod -aG ${group} "$USER"\`, then log in again), or use sudo`;

/** Of the nearest thing on the way to the socket that can be looked at. */
function groupOf(...paths: readonly string[]): string | undefined {
  for (const path of paths) {
    try {
      return groupName(statSync(path).gid);
    } catch {
      // Not to be looked at either: the next one.
    }
  }
  return undefined;
}

function groupName(gid: number): string {
  try {
    const line = readFileSync("/etc/group", "utf8")
      .split("\n")
      .find((entry) => entry.split(":")[2] === String(gid));
    return line?.split(":")[0] ?? String(gid);
  } catch {
    return String(gid);
  }
}
