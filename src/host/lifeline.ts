/**
 * Tells of the end of a process, also of one that is not our child: it holds a FIFO open for writing
 * for as long as it lives, and we read it. The kernel wakes us once, at the end; nothing is polled.
 *
 * Two ends are not told. One that came before the FIFO was opened here: whoever opens a lifeline looks
 * once, right after, whether the process is there. And one whose descriptor a forked child still
 * holds: whoever relies on it looks now and then. What is told may be wrong too, for a process can
 * close any descriptor: whoever is told looks.
 */
import { closeSync, constants, fstatSync, openSync } from "node:fs";
import { Socket } from "node:net";
import { errnoOf } from "./errno.ts";

const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * Calls `ended` once, when the last writer has gone, unless it was disposed of before; never from
 * inside this call. Undefined if there is no FIFO at this path, or no descriptor left for it.
 */
export function openLifeline(path: string, ended: () => void): Disposable | undefined {
  const fd = openFifo(path);
  if (fd === undefined) return undefined;
  const socket = new Socket({ fd, readable: true, writable: false });
  // A daemon that stops does not wait for those who live on.
  socket.unref();
  socket.on("error", () => socket.destroy());
  socket.once("close", ended);
  // Nobody has anything to say on it; what is said all the same must not fill it.
  socket.resume();
  return {
    [Symbol.dispose]: () => {
      socket.off("close", ended);
      socket.destroy();
    },
  };
}

function openFifo(path: string): number | undefined {
  try {
    // Without O_NONBLOCK it would wait here for a writer.
    const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
    if (fstatSync(fd).isFIFO()) return fd;
    closeSync(fd);
    return undefined;
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return undefined;
  }
}
