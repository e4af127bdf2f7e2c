/** Reads the journal by journalctl, for the command line. */
import { execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";

export interface JournalEntry {
  readonly identifier: string;
  readonly priority: number;
  readonly at: Date;
  readonly message: string;
  /** The same for all that comes over one connection to journald. */
  readonly stream: string | undefined;
}

const fields = ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER", "_STREAM_ID"];
const usual = ["--all", "--no-pager", "-o", "json", `--output-fields=${fields.join(",")}`];

/**
 * What `journalctl WORD…` finds, oldest first. Ends with it, or when the signal aborts; returns what
 * it complained of. Throws if there is no journalctl.
 */
export async function* readJournal(
  words: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<JournalEntry, string> {
  const child = spawn("journalctl", [...usual, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, LC_ALL: "C.UTF-8" },
  });
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);
  child.once("error", failed.reject);
  const spawned = Promise.withResolvers<void>();
  child.once("spawn", spawned.resolve);
  await Promise.race([spawned.promise, failed.promise]);
  const end = (): void => void child.kill("SIGKILL");
  signal.addEventListener("abort", end);
  if (signal.aborted) end();
  const complaint = text(child.stderr);
  try {
    for await (const line of createInterface({ input: child.stdout, crlfDelay: 0 })) {
      const entry = readEntry(line);
      if (entry !== undefined) yield entry;
    }
    return await complaint;
  } finally {
    end();
    signal.removeEventListener("abort", end);
  }
}

/** All names under which something stands in the journal. */
export async function journalIdentifiers(): Promise<readonly string[]> {
  const args = ["--quiet", "--no-pager", "-F", "SYSLOG_IDENTIFIER"];
  const { stdout } = await promisify(execFile)("journalctl", args, { timeout: 20_000 });
  return stdout.split("\n").filter(Boolean);
}

/** Undefined of a line that is no entry: `-- No entries --`. */
function readEntry(line: string): JournalEntry | undefined {
  if (!line.startsWith("{")) return undefined;
  const entry: unknown = JSON.parse(line);
  if (typeof entry !== "object" || entry === null) return undefined;
  const of = (name: string): string => toText(Reflect.get(entry, name));
  return {
    identifier: of("SYSLOG_IDENTIFIER"),
    priority: Number(of("PRIORITY") || 6),
    at: new Date(Number(of("__REALTIME_TIMESTAMP")) / 1000),
    message: of("MESSAGE"),
    stream: of("_STREAM_ID") || undefined,
  };
}

/** Text that is no UTF-8, or has control characters, comes as a list of bytes. */
function toText(value: unknown): string {
  if (typeof value === "string") return value;
  return Array.isArray(value) ? Buffer.from(value.map(Number)).toString() : "";
}
