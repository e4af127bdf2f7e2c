/**
 * The daemon's own words, a line each: with systemd's priorities where journald reads them, coloured
 * on a terminal, with time and level elsewhere. Written in the background, for a reader that stalls
 * must not stall the supervising; what does not fit is dropped and counted.
 */
import { isatty } from "node:tty";
import { styleText } from "node:util";
import sonic from "sonic-boom";
import { isJournal } from "./journal.ts";
import type { JournalTeller } from "./journal-teller.ts";

export type Level = "debug" | "info" | "notice" | "warn" | "error";

/** What makes a line an event: journald keeps its id and its fields, elsewhere only the line is seen. */
export interface Mark {
  /** 32 hexadecimal digits, which stay the same from version to version. */
  readonly id: string;
  /** By journald's kind of names: SAILS_UNIT. */
  readonly fields: Readonly<Record<string, string>>;
}

export interface Log {
  write(level: Level, message: string, mark?: Mark): void;
  /** Lines that their reader was too slow for. */
  readonly dropped: number;
  /** All that was written is out; what had only just been written may then follow what came after. */
  flush(): void;
  /** Resolves when all that was written is out, in its order, or its reader is too slow for that. */
  written(): Promise<void>;
}

type Render = (level: Level, message: string) => string;

/** sd-daemon(3) */
const priorities = { debug: 7, info: 6, notice: 5, warn: 4, error: 3 } as const;

/** Newlines inside a message would be lines of their own, without a level. */
const toJournal: Render = (level, message) =>
  message
    .split("\n")
    .map((line) => `<${priorities[level]}>${line}\n`)
    .join("");

const colours = {
  debug: "gray",
  info: "white",
  notice: "green",
  warn: "yellow",
  error: "red",
} as const;

const toTerminal =
  (hasColours: boolean): Render =>
  (level, message) => {
    const time = new Date().toTimeString().slice(0, 8);
    const text = hasColours
      ? styleText(colours[level], message, { validateStream: false })
      : message;
    return `${time}  ${text}\n`;
  };

const toFile: Render = (level, message) =>
  `${new Date().toISOString()} ${level.toUpperCase().padEnd(6)} ${message}\n`;

const ownFields = (level: Level, message: string): Readonly<Record<string, string>> => ({
  MESSAGE: message,
  PRIORITY: String(priorities[level]),
  SYSLOG_IDENTIFIER: "sails-supervisor",
  SYSLOG_PID: String(process.pid),
});

const mostWaitingBytes = 4 * 1024 * 1024;
const lastPatienceMs = 1_000;

/** @param teller sends events to journald; without it they are lines as all others */
export function openLog(
  fd: number,
  own: Readonly<Record<string, string | undefined>>,
  teller?: JournalTeller,
): Log {
  const speaks = isJournal(fd, own) ? teller : undefined;
  const render = rendererFor(fd, own);
  const out = new sonic.SonicBoom({ fd, sync: false, maxLength: mostWaitingBytes });
  let dropped = 0;
  out.on("drop", () => (dropped += 1));
  // A reader that is gone: there is nobody left to tell.
  out.on("error", () => (dropped += 1));
  return {
    get dropped() {
      return dropped;
    },
    write(level, message, mark) {
      const line = (): void => void out.write(render(level, message));
      if (mark === undefined || speaks === undefined) line();
      else speaks.tell({ ...ownFields(level, message), ...mark.fields, MESSAGE_ID: mark.id }, line);
    },
    flush() {
      try {
        out.flushSync();
      } catch {
        dropped += 1;
      }
    },
    async written() {
      await speaks?.settled();
      const { promise, resolve } = Promise.withResolvers<void>();
      const timer = setTimeout(resolve, lastPatienceMs);
      out.flush(() => resolve());
      await promise;
      clearTimeout(timer);
    },
  };
}

function rendererFor(fd: number, own: Readonly<Record<string, string | undefined>>): Render {
  if (isJournal(fd, own)) return toJournal;
  return isatty(fd) ? toTerminal((own["NO_COLOR"] ?? "") === "") : toFile;
}
