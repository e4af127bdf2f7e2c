/**
 * A connection to journald, as of sd_journal_stream_fd(3), that a child gets as its output: what it
 * prints goes there without us, and outlives us.
 */
import { fstatSync, writeSync } from "node:fs";
import { connect, type Socket } from "node:net";

export interface JournalStream extends Disposable {
  readonly fd: number;
  /** What JOURNAL_STREAM says of it: by that a program knows that it prints into the journal. */
  readonly id: string;
}

/** Of a line that brings none of its own. */
const priority = 6;

/**
 * Header lines: identifier, unit, priority; whether `<3>` at the beginning of a line is its priority;
 * whether lines are forwarded to syslog, kmsg, console. A line break would shift them all.
 */
const headerOf = (identifier: string): string =>
  `${identifier.replaceAll(/\p{Cc}/gu, " ")}\n\n${priority}\n1\n0\n0\n0\n`;

/**
 * Throws if journald is not there. A child may print as soon as it lives, hence the header is written
 * before this returns: a connection to a unix socket is made, or refused, by the call itself.
 */
export function openJournalStream(path: string, identifier: string): JournalStream {
  // Journald shuts its sending side at once, and Node would then end ours.
  const socket = connect({ path, allowHalfOpen: true });
  // What goes wrong shows in the write.
  socket.on("error", () => undefined);
  try {
    const fd = descriptorOf(socket);
    writeSync(fd, headerOf(identifier));
    const { dev, ino } = fstatSync(fd);
    // Never `end`: that would shut it down for the child too.
    return { fd, id: `${dev}:${ino}`, [Symbol.dispose]: () => socket.destroy() };
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Node hands a socket's descriptor on to a child, and has no name for it. */
function descriptorOf(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, "_handle");
  const fd: unknown =
    typeof handle === "object" && handle !== null ? Reflect.get(handle, "fd") : undefined;
  if (typeof fd === "number" && fd >= 0) return fd;
  throw new Error("this Node does not tell a socket's descriptor");
}
