/**
 * Reads out of the lines of an output file what they are: Prefect's have their time and level in
 * them, and what follows one of them, a message of several lines or a traceback, is of the same.
 */
import type { LogLevel, LogLine } from "./log-line.ts";

const record =
  /^(?:(\d{4}-\d\d-\d\d)[ T])?(\d\d:\d\d:\d\d)[.,](\d{3}) \| (DEBUG|INFO|WARNING|ERROR|CRITICAL) *\| /;
const traceback = /^(\s*\+ Exception Group )?Traceback \(most recent call last\):/;
/** What a logger of Python's or of uvicorn's puts first. */
const bare = /^(DEBUG|INFO|WARNING|ERROR|CRITICAL)\b:?\s/;

export class LineReader {
  readonly #unit: string;
  #level: LogLevel = "info";
  #at: Date | undefined;
  /** Inside a traceback that belongs to no record: the line that is not indented ends it. */
  #isInTraceback = false;

  constructor(unit: string) {
    this.#unit = unit;
  }

  read(line: string): LogLine {
    const level = this.#levelOf(line);
    return { unit: this.#unit, line, at: this.#at, level };
  }

  #levelOf(line: string): LogLevel {
    const [, date, time, millis, word] = record.exec(line) ?? [];
    if (time !== undefined) {
      this.#isInTraceback = false;
      this.#level = levelOf(word);
      // Without a date, as Prefect has it by itself, it may be of any day.
      if (date !== undefined) this.#at = new Date(`${date}T${time}.${millis ?? "000"}`);
      return this.#level;
    }
    const [, first] = bare.exec(line) ?? [];
    if (first !== undefined) {
      this.#level = levelOf(first);
      return this.#level;
    }
    if (traceback.test(line)) {
      this.#isInTraceback = true;
      return "error";
    }
    if (!this.#isInTraceback) return this.#level;
    this.#isInTraceback = /^\s|^$/.test(line);
    return "error";
  }
}

const levelOf = (word = "info"): LogLevel => {
  switch (word) {
    case "DEBUG":
      return "debug";
    case "WARNING":
      return "warning";
    case "ERROR":
      return "error";
    case "CRITICAL":
      return "critical";
    default:
      return "info";
  }
};
