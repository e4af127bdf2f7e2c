/** What the daemon has said of late, also before it was replaced: the history in status and page. */
import { z } from "zod";
import type { EventEntry } from "../control/status.ts";
import type { EventFile } from "../host/event-file.ts";
import type { Level } from "../host/log.ts";

/** Enough to look back to the night; what is older has the journal. */
const shown = 50;

const entry = z.object({
  at: z.string(),
  level: z.enum(["info", "notice", "warn", "error"]),
  text: z.string(),
});

export class EventLog {
  readonly #file: Pick<EventFile, "append">;
  /** The newest first. */
  #entries: readonly EventEntry[];

  private constructor(file: Pick<EventFile, "append">, entries: readonly EventEntry[]) {
    this.#file = file;
    this.#entries = entries;
  }

  /** With what was said by the daemons before. */
  static async open(file: Pick<EventFile, "read" | "append">): Promise<EventLog> {
    const entries = (await file.read()).slice(-shown).flatMap(parsed);
    return new EventLog(file, entries.toReversed());
  }

  get recent(): readonly EventEntry[] {
    return this.#entries;
  }

  add(at: Date, level: Level, message: string): void {
    if (level === "debug") return;
    // The summary of a start is a table for a terminal: its first line says it all.
    const text = message.trim().split("\n", 1)[0] ?? "";
    const event = { at: at.toISOString(), level, text };
    this.#entries = [event, ...this.#entries].slice(0, shown);
    this.#file.append(JSON.stringify(event));
  }
}

/** A line that was only half written, or is of another version's, is passed over. */
function parsed(line: string): readonly EventEntry[] {
  try {
    const { success, data } = entry.safeParse(JSON.parse(line));
    return success ? [data] : [];
  } catch {
    return [];
  }
}
