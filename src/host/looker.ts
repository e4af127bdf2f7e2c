/**
 * Asks what may never answer, in a child that can be abandoned. The child is a shell that lies with
 * the program itself: a spawn waits until the new program is loaded, so that one on a file system
 * that hangs would stop the daemon. It is the shell that looks for it, and hangs in its place.
 *
 * It bears no mark of the daemon's children: nobody waits for its end, neither at a stop nor before
 * a start. It has one of its own, by which the next daemon knows what is still under way.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { Look, Looked, Looker, LookRequest, Question } from "../checks/ports.ts";
import { checkVariable } from "./marks.ts";
import {
  allPids,
  findProcesses,
  isGone,
  isThere,
  type ProcessIdentity,
  readStat,
  startedAt,
} from "./processes.ts";
import { signalGroup, signalProcess } from "./signals.ts";

export interface LookerDeps {
  /** `libexec/look-at`. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  readonly supervisorId: string;
}

/** Of a command's output; the kernel's table of mounts is the longest that we print ourselves. */
const kept = 256 * 1024;
const most = 1024 * 1024;
/** What a process has printed before its end comes at once, unless the machine is very busy. */
const restMs = 500;
/** How often it is asked whether what hangs has gone, once it has hung for a while. */
const slowestMs = 5_000;

export class HostLooker implements Looker {
  readonly #deps: LookerDeps;
  #asked = 0;

  constructor(deps: LookerDeps) {
    this.#deps = deps;
  }

  run({ check, question }: LookRequest): Look {
    const { program, env, supervisorId } = this.#deps;
    const mark = { [checkVariable]: `${supervisorId} ${check}` };
    const isOurs = question.kind !== "command";
    this.#asked += 1;
    const args = [program, ...argumentsOf(question, `${Date.now()}-${this.#asked}`)];
    try {
      const child = spawn("/bin/sh", args, {
        detached: true,
        cwd: "/",
        // What the programs of the system say is read.
        env: isOurs ? { ...env, ...mark, LC_ALL: "C" } : { ...env, ...mark },
        stdio: ["ignore", "pipe", "ignore"],
      });
      return watch(child);
    } catch (error) {
      return { ended: Promise.resolve(notAsked(error)), kill: () => undefined };
    }
  }

  get(url: string): Look {
    const abort = new AbortController();
    return { ended: answerOf(url, abort), kill: () => abort.abort() };
  }

  leftBehind(): ReturnType<Looker["leftBehind"]> {
    const prefix = `${this.#deps.supervisorId} `;
    // Not the leader alone: a shell that was killed has gone, and what it waited for has not.
    const found = findProcesses(
      ({ variables }) => variables.get(checkVariable)?.startsWith(prefix) === true,
    );
    for (const { pid } of found) signalProcess(pid, "SIGKILL");
    const checks = Map.groupBy(found, ({ variables }) =>
      variables.get(checkVariable)?.slice(prefix.length),
    );
    return new Map(
      [...checks].map(([check = "", members]) => {
        const began = members.map(({ pid }) => (startedAt(pid) ?? new Date()).getTime());
        const startedFirst = new Date(Math.min(...began));
        return [check, { startedAt: startedFirst, isThere: () => members.some(isThere) }] as const;
      }),
    );
  }
}

const argumentsOf = (question: Question, name: string): readonly string[] =>
  question.kind === "command"
    ? [question.kind, ...question.command]
    : [question.kind, question.path, name];

function watch(child: ChildProcess): Look {
  const { promise, resolve } = Promise.withResolvers<Looked>();
  const kill = (): void => {
    if (child.pid !== undefined) signalGroup(child.pid, "SIGKILL");
  };
  const output = new Tail(child, () => kill());
  child.once("error", (error) => resolve(notAsked(error)));
  // Not the end of its output: somebody whom it started may hold that open for ever.
  child.once("exit", (status, signal) => {
    void nobodyIsLeft(child).then(() => {
      child.stdout?.destroy();
      resolve({
        kind: "ended",
        status: status ?? undefined,
        signal: signal ?? undefined,
        output: output.text,
        isTooMuch: output.isTooMuch,
      });
    });
  });
  return { ended: promise, kill };
}

/**
 * Resolves when all whom it has started have gone too, and what they printed has come. A shell that
 * is killed goes at once; the program that it waited for may be what hangs.
 */
async function nobodyIsLeft(child: ChildProcess): Promise<void> {
  const { pid } = child;
  if (pid === undefined) return;
  const wasAlone = signalGroup(pid, "SIGKILL") === "gone";
  const hasClosed = await closesWithin(restMs, child);
  // The common case, without a look at all that runs on the machine.
  if (wasAlone && hasClosed) return;
  for (let rest = sessionOf(pid); rest.length > 0; rest = sessionOf(pid)) {
    for (const member of rest) signalProcess(member.pid, "SIGKILL");
    await allGone(rest);
  }
}

function closesWithin(span: number, child: ChildProcess): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), span);
  child.once("close", () => {
    clearTimeout(timer);
    resolve(true);
  });
  return promise;
}

/** Not its group: `timeout`, and each shell of a terminal, take groups of their own. */
const sessionOf = (leader: number): readonly ProcessIdentity[] =>
  [...allPids()].flatMap((pid) => {
    const stat = readStat(pid);
    return stat?.session === leader && !isGone(stat) ? [stat] : [];
  });

async function allGone(processes: readonly ProcessIdentity[]): Promise<void> {
  for (let pause = 20; processes.some(isThere); pause = Math.min(2 * pause, slowestMs)) {
    await sleep(pause);
  }
}

/** The end of what a child prints; one that prints without end is ended. */
class Tail {
  #chunks: Buffer[] = [];
  #length = 0;
  isTooMuch = false;

  constructor({ stdout }: ChildProcess, end: () => void) {
    stdout?.on("data", (chunk: Buffer) => {
      this.#length += chunk.length;
      this.#chunks.push(chunk);
      if (this.#length <= most) return;
      this.isTooMuch = true;
      this.#chunks = this.#chunks.slice(-1);
      stdout.destroy();
      end();
    });
    stdout?.on("error", () => undefined);
  }

  get text(): string {
    return Buffer.concat(this.#chunks).subarray(-kept).toString();
  }
}

async function answerOf(url: string, abort: AbortController): Promise<Looked> {
  // TLS is three megabytes that hardly anybody needs here.
  const ask = url.startsWith("https:") ? (await import("node:https")).get : get;
  const { promise, resolve } = Promise.withResolvers<Looked>();
  const request = ask(url, { agent: false, signal: abort.signal }, (response) => {
    resolve({ kind: "answered", status: response.statusCode ?? 0 });
    // The status is all that was asked for, however long the rest may be.
    request.destroy();
  });
  request.on("error", (error) => resolve({ kind: "refused", why: short(error) }));
  return promise;
}

const short = (error: Error): string =>
  "code" in error && error.code === "ECONNREFUSED" ? "nothing listens there" : error.message;

const notAsked = (error: unknown): Looked => ({
  kind: "not-asked",
  why: `no child could be started for it: ${String(error)}`,
});
