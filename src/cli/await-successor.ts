/** Waits for the daemon that takes the place of another. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlClient } from "../control/client.ts";
import type { Status } from "../control/status.ts";

/** There is nobody who could tell us of it: between the two nobody listens. */
const askAgainMs = 100;

/** @param startedAt of the one that goes */
export async function awaitSuccessor(
  client: ControlClient,
  startedAt: string,
  isOver: AbortSignal,
): Promise<Status | undefined> {
  while (!isOver.aborted) {
    const answer = await client.status(isOver);
    if (answer.kind === "answered") {
      const { supervisor } = answer.value;
      if (supervisor.startedAt !== startedAt && supervisor.phase !== "starting")
        return answer.value;
    }
    await pause(isOver);
  }
  return undefined;
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(askAgainMs, undefined, { signal });
  } catch {
    // Time is over: the loop sees it.
  }
}
