/**
 * The only place that signals anything. A pid of 0, 1 or -1 would reach our own group, init or
 * everybody, so that a number that went wrong must not get past here.
 */
import { errnoOf } from "./errno.ts";

/** `refused`: it belongs to somebody else. */
export type Delivery = "sent" | "gone" | "refused";

export const signalProcess = (pid: number, signal: NodeJS.Signals): Delivery =>
  deliver(pid, pid, signal);

export const signalGroup = (leader: number, signal: NodeJS.Signals): Delivery =>
  deliver(leader, -leader, signal);

function deliver(pid: number, target: number, signal: NodeJS.Signals): Delivery {
  if (!Number.isSafeInteger(pid) || pid <= 1 || pid === process.pid) return "gone";
  try {
    process.kill(target, signal);
    return "sent";
  } catch (error) {
    switch (errnoOf(error) ?? "") {
      case "ESRCH":
        return "gone";
      case "EPERM":
        return "refused";
      default:
        throw error;
    }
  }
}
