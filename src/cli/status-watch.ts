/** `status --watch`: on a terminal drawn in place; else, or as JSON, once for each change. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ControlClient } from "../control/client.ts";
import type { Context } from "./context.ts";
import { exitStatus } from "./exit-status.ts";
import { pickUnits, render } from "./status-view.ts";

/** So that spans of time go on. */
const redrawMs = 2000;
const onChangesOnlyMs = 2 ** 31 - 1;
const retryMs = 1000;

const [hideCursor, showCursor] = ["\x1b[?25l", "\x1b[?25h"];
const [home, clearLine, clearBelow, clearAll] = ["\x1b[H", "\x1b[K", "\x1b[J", "\x1b[2J"];

/** Goes on until Ctrl-C, also while the daemon is away. */
export async function watchStatus(
  context: Context,
  client: ControlClient,
  patterns: readonly string[],
  json: boolean,
): Promise<number> {
  const { out } = context;
  const interrupted = context.interrupted();
  const isDrawn = out.isTerminal && !json;
  if (isDrawn) await out.write(hideCursor + clearAll);
  try {
    while (!interrupted.aborted) {
      const everyMs = isDrawn ? redrawMs : onChangesOnlyMs;
      for await (const answer of client.statuses(everyMs, interrupted)) {
        if (interrupted.aborted) break;
        if (answer.kind === "unreachable") {
          const words = `${answer.why}; asking again every second`;
          await (isDrawn
            ? out.write(frame(`${words}\n`, out.rows()))
            : context.err.write(`${words}\n`));
          continue;
        }
        const picked = await pickUnits(context, answer, patterns);
        if (picked.kind === "none") return picked.exitStatus;
        const { status } = picked;
        const text = json ? `${JSON.stringify(status)}\n` : render(context, status, patterns);
        await out.write(isDrawn ? frame(text, out.rows()) : text);
      }
      if (!interrupted.aborted) await pause(interrupted);
    }
    return exitStatus.done;
  } finally {
    if (isDrawn) await out.write(showCursor);
  }
}

/** Over the former one, line by line: clearing the screen first would flicker. */
export function frame(text: string, rows: number): string {
  const lines = text.trimEnd().split("\n");
  const hidden = lines.length - (rows - 1);
  const shown =
    hidden > 0 ? [...lines.slice(0, rows - 2), `… and ${hidden + 1} more lines`] : lines;
  return home + shown.map((line) => `${line}${clearLine}\n`).join("") + clearBelow;
}

async function pause(signal: AbortSignal): Promise<void> {
  try {
    await sleep(retryMs, undefined, { signal });
  } catch {
    // Ctrl-C: the loop sees it.
  }
}
