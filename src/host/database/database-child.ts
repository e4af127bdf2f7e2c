/** Has work on a database done in a process of its own, which may be left alone if it hangs. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type {
  DatabaseFailure,
  DatabaseReply,
  DatabaseWork,
  DatabaseWorkOptions,
  DoDatabaseWork,
} from "../../prefect/ports-database.ts";
import { messageOf } from "../errno.ts";
import type { WorkerLine } from "./worker.ts";

export interface DatabaseChildOptions {
  /** What runs `serveDatabaseWork`. */
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** What waits for a file system that does not answer does not end, whatever it is sent. */
const lastPatienceMs = 2_000;

export function databaseChild(options: DatabaseChildOptions): DoDatabaseWork {
  /** Those that could not be ended. */
  const abandoned = new Set<ChildProcess>();

  return async (work, { timeoutMs, signal, step }) => {
    for (const child of abandoned) {
      if (child.exitCode !== null || child.signalCode !== null) abandoned.delete(child);
    }
    const [hanging] = abandoned;
    if (hanging !== undefined) return stillHanging(hanging.pid);
    const outcome = await doWork(options, work, { timeoutMs, signal, step });
    if (outcome.left !== undefined) abandoned.add(outcome.left);
    return outcome.reply;
  };
}

interface Outcome {
  readonly reply: DatabaseReply;
  /** Still there. */
  readonly left?: ChildProcess;
}

async function doWork(
  { command: [program, ...args], env }: DatabaseChildOptions,
  work: DatabaseWork,
  { timeoutMs, signal, step }: DatabaseWorkOptions,
): Promise<Outcome> {
  if (signal.aborted) return { reply: cutShort };
  const child = spawn(program, args, {
    env,
    cwd: "/",
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  const ended = once(child, "close").then(
    () => undefined,
    (error: unknown) => error,
  );
  let reply: DatabaseReply | undefined;
  let complaint = "";
  const lines = createInterface({ input: child.stdout });
  lines.on("line", (text) => {
    const line = parse(text);
    if (line !== undefined && "step" in line) step(line.step);
    if (line !== undefined && "reply" in line) reply = line.reply;
  });
  child.stderr.on(
    "data",
    (chunk: Buffer) => (complaint = (complaint + String(chunk)).slice(-2000)),
  );
  // One that died at once does not read it.
  child.stdin.on("error", () => undefined);
  child.stdin.write(`${JSON.stringify(work)}\n`);

  const why = await firstOf(ended, timeoutMs, signal);
  if (why === "ended") {
    const error = await ended;
    return { reply: reply ?? died(error, complaint, child) };
  }
  const answer = why === "aborted" ? cutShort : tookTooLong(timeoutMs);
  if (await end(child, ended)) return { reply: reply ?? answer };
  for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
  child.unref();
  return { reply: why === "aborted" ? cutShort : hangs(timeoutMs, child.pid), left: child };
}

async function firstOf(
  ended: Promise<unknown>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<"ended" | "late" | "aborted"> {
  const { promise, resolve } = Promise.withResolvers<"ended" | "late" | "aborted">();
  const timer = setTimeout(() => resolve("late"), timeoutMs);
  const abort = (): void => resolve("aborted");
  signal.addEventListener("abort", abort, { once: true });
  void ended.then(() => resolve("ended"));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

/** With what it has started: pg_dump. Whether it has gone. */
async function end(child: ChildProcess, ended: Promise<unknown>): Promise<boolean> {
  for (const name of ["SIGTERM", "SIGKILL"] as const) {
    if (child.pid !== undefined) signalGroup(child.pid, name);
    const why = await firstOf(ended, lastPatienceMs, new AbortController().signal);
    if (why === "ended") return true;
  }
  return false;
}

function signalGroup(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(-pid, name);
  } catch {
    // It has gone meanwhile.
  }
}

function parse(text: string): WorkerLine | undefined {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by worker.ts
    return JSON.parse(text) as WorkerLine;
  } catch {
    return undefined;
  }
}

const failed = (
  reason: DatabaseFailure["reason"],
  why: string,
  cure?: string,
): DatabaseFailure => ({ kind: "failed", reason, why, cure });

const cutShort = failed("other", "it was cut short");

const tookTooLong = (timeoutMs: number): DatabaseFailure =>
  failed(
    "timeout",
    `it was not done within ${timeoutMs / 1000} s`,
    "give it more time (jobs.backup.timeout)",
  );

const hangs = (timeoutMs: number, pid: number | undefined): DatabaseFailure =>
  failed(
    "timeout",
    `it was not done within ${timeoutMs / 1000} s, and its process ${pid ?? ""} cannot be ended: the file system does not answer`,
    "look at the mount that the backups or the database are on",
  );

const stillHanging = (pid: number | undefined): DatabaseFailure =>
  failed(
    "timeout",
    `an earlier one still waits for a file system that does not answer (process ${pid ?? ""})`,
    "look at the mount that the backups or the database are on",
  );

function died(error: unknown, complaint: string, child: ChildProcess): DatabaseFailure {
  if (error !== undefined) return failed("other", `it could not be started: ${messageOf(error)}`);
  const how = child.signalCode ?? `status ${child.exitCode}`;
  const said = complaint.trim().split("\n").slice(-3).join("; ");
  return failed("other", `its process ended with ${how}${said === "" ? "" : `: ${said}`}`);
}
