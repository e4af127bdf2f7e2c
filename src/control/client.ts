/** The daemon as the command line sees it: a client of the control socket. */
import type { IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import type {
  BackupsResult,
  CancelResult,
  DrainTimeout,
  EnvironmentOrderResult,
  JobOrderResult,
  NotifyTestResult,
  OrderResult,
  PlanResult,
  PoolOrderResult,
  RecoverResult,
  ReexecResult,
  ReloadResult,
  UnitVerb,
  VerifyResult,
} from "./control-plane.ts";
import type { ApplyEvent } from "./plan.ts";
import { Pulse } from "./pulse.ts";
import { findSocket } from "./socket-place.ts";
import { ask, type SocketRequest } from "./socket-request.ts";
import type { EnvironmentList, RunList, Status } from "./status.ts";
import { explainUnreachable, type Unreachable } from "./unreachable.ts";

export type Answer<T> =
  | { readonly kind: "answered"; readonly value: T }
  | Unreachable
  /** The daemon is there and did not understand us, or has a bug. */
  | { readonly kind: "refused"; readonly why: string };

type Question = Pick<SocketRequest, "method" | "path" | "body" | "signal"> & {
  readonly timeoutMs?: number;
};

const usualTimeoutMs = 10_000;
/** A reload looks at files, and these may lie on a slow remote file system. */
const reloadTimeoutMs = 60_000;
/** What asks Prefect asks a server that may be busy, and asks again if it is. */
const prefectTimeoutMs = 60_000;
/** A whole environment: over a thin line, and with packages that are compiled. */
const buildTimeoutMs = 3 * 3_600_000;
/** What is told is given the time of its configuration. */
const notifyTimeoutMs = 600_000;
/** The daemon gives up on a folder that does not answer before. */
const folderTimeoutMs = 60_000;
/** All of it is read. */
const databaseTimeoutMs = 3_600_000;
/** A sweep settles many runs, one after the other. */
const sweepTimeoutMs = 300_000;

export class ControlClient {
  readonly stateDir: string;

  constructor(stateDir: string) {
    this.stateDir = stateDir;
  }

  async status(signal: AbortSignal): Promise<Answer<Status>> {
    const question = { method: "GET", path: "/api/v1/status", signal } as const;
    const answer = await this.#json(question, isStatus);
    // A daemon from before there were jobs tells of none.
    return answer.kind === "answered"
      ? { ...answer, value: { ...untold, ...answer.value } }
      : answer;
  }

  order(
    verb: UnitVerb,
    units: readonly string[],
    signal: AbortSignal,
  ): Promise<Answer<OrderResult>> {
    return this.#json(post(verb, signal, { units }), isOrderResult);
  }

  reload(signal: AbortSignal): Promise<Answer<ReloadResult>> {
    return this.#json({ ...post("reload", signal), timeoutMs: reloadTimeoutMs }, isReloadResult);
  }

  runs(signal: AbortSignal): Promise<Answer<RunList>> {
    return this.#json({ method: "GET", path: "/api/v1/runs", signal }, isRunList);
  }

  cancelRun(run: string, signal: AbortSignal): Promise<Answer<CancelResult>> {
    const question = post("runs/cancel", signal, { run });
    return this.#json({ ...question, timeoutMs: prefectTimeoutMs }, isCancelResult);
  }

  recoverRuns(signal: AbortSignal): Promise<Answer<RecoverResult>> {
    const question = post("runs/recover", signal);
    return this.#json({ ...question, timeoutMs: sweepTimeoutMs }, isRecoverResult);
  }

  drain(
    pools: readonly string[],
    timeoutMs: DrainTimeout,
    signal: AbortSignal,
  ): Promise<Answer<PoolOrderResult>> {
    const question = post("drain", signal, { pools, timeoutMs });
    return this.#json({ ...question, timeoutMs: prefectTimeoutMs }, isPoolOrderResult);
  }

  resume(pools: readonly string[], signal: AbortSignal): Promise<Answer<PoolOrderResult>> {
    const question = post("resume", signal, { pools });
    return this.#json({ ...question, timeoutMs: prefectTimeoutMs }, isPoolOrderResult);
  }

  environments(signal: AbortSignal): Promise<Answer<EnvironmentList>> {
    const question = { method: "GET", path: "/api/v1/environments", signal } as const;
    return this.#json({ ...question, timeoutMs: folderTimeoutMs }, isEnvironmentList);
  }

  /** Comes when the environment is built. */
  syncEnvironment(signal: AbortSignal): Promise<Answer<EnvironmentOrderResult>> {
    const question = post("environment/sync", signal);
    return this.#json({ ...question, timeoutMs: buildTimeoutMs }, isEnvironmentOrderResult);
  }

  rollBackEnvironment(signal: AbortSignal): Promise<Answer<EnvironmentOrderResult>> {
    const question = post("environment/rollback", signal);
    return this.#json({ ...question, timeoutMs: prefectTimeoutMs }, isEnvironmentOrderResult);
  }

  runJob(job: string, signal: AbortSignal): Promise<Answer<JobOrderResult>> {
    return this.#json(post("jobs/run", signal, { job }), isJobOrderResult);
  }

  backups(signal: AbortSignal): Promise<Answer<BackupsResult>> {
    const question = { method: "GET", path: "/api/v1/backups", signal } as const;
    return this.#json({ ...question, timeoutMs: folderTimeoutMs }, isBackupsResult);
  }

  verifyBackup(file: string, signal: AbortSignal): Promise<Answer<VerifyResult>> {
    const question = post("backups/verify", signal, { file });
    return this.#json({ ...question, timeoutMs: databaseTimeoutMs }, isVerifyResult);
  }

  restoreBackup(file: string, signal: AbortSignal): Promise<Answer<JobOrderResult>> {
    return this.#json(post("backups/restore", signal, { file }), isJobOrderResult);
  }

  /** @param target of one; all, without it */
  testNotify(target: string | undefined, signal: AbortSignal): Promise<Answer<NotifyTestResult>> {
    const question = post("notify/test", signal, target === undefined ? {} : { target });
    return this.#json({ ...question, timeoutMs: notifyTimeoutMs }, isNotifyTestResult);
  }

  plan(signal: AbortSignal): Promise<Answer<PlanResult>> {
    const question: Question = { method: "GET", path: "/api/v1/plan", signal };
    return this.#json({ ...question, timeoutMs: prefectTimeoutMs }, isPlanResult);
  }

  /** Each step as it comes; ends after `over`, or with an answer that is no event. */
  async *apply(signal: AbortSignal): AsyncGenerator<Answer<ApplyEvent>> {
    const opened = await this.#open(post("apply", signal));
    if (opened.kind !== "answered") {
      yield opened;
      return;
    }
    try {
      for await (const line of lines(opened.value)) {
        const value = parseJson(line);
        if (!isApplyEvent(value)) {
          yield { kind: "refused", why: `the daemon answered: ${line.slice(0, 500)}` };
          return;
        }
        yield { kind: "answered", value };
        if (value.event === "over") return;
      }
    } catch {
      // Said below.
    }
    yield this.#unreachable("ECONNRESET");
  }

  reexec(signal: AbortSignal): Promise<Answer<ReexecResult>> {
    return this.#json(post("reexec", signal), isReexecResult);
  }

  /**
   * The status now, after each change, and at least every `everyMs`. However many changes come
   * while one is read, they lead to one more. Ends after the first answer that is no status.
   */
  async *statuses(everyMs: number, signal: AbortSignal): AsyncGenerator<Answer<Status>> {
    const events = await this.#open({ method: "GET", path: "/api/v1/events", signal });
    if (events.kind !== "answered") {
      yield events;
      return;
    }
    const message = events.value;
    using pulse = new Pulse(message);
    while (!signal.aborted) {
      pulse.reset();
      const answer = await this.status(signal);
      yield answer;
      if (answer.kind !== "answered") return;
      if ((await pulse.next(everyMs)) === "ended" && !signal.aborted) {
        yield this.#unreachable("ECONNRESET");
        return;
      }
    }
  }

  async #json<T>(question: Question, isT: (value: unknown) => value is T): Promise<Answer<T>> {
    const opened = await this.#open(question);
    if (opened.kind !== "answered") return opened;
    try {
      const body = await text(opened.value);
      const value = parseJson(body);
      if (isT(value)) return { kind: "answered", value };
      const { statusCode } = opened.value;
      return {
        kind: "refused",
        why: `the daemon answered ${question.path} with ${statusCode}: ${body.trim().slice(0, 500)}`,
      };
    } catch {
      return this.#unreachable("ECONNRESET");
    }
  }

  async #open(question: Question): Promise<Answer<IncomingMessage>> {
    const socket = findSocket(this.stateDir);
    const response = await ask({ timeoutMs: usualTimeoutMs, ...question, socket });
    return response.kind === "failed"
      ? this.#unreachable(response.code)
      : { kind: "answered", value: response.message };
  }

  #unreachable(code: string): Unreachable {
    return explainUnreachable(code, findSocket(this.stateDir), this.stateDir);
  }
}

const untold: Pick<Status, "jobs" | "environment"> = { jobs: [], environment: null };

const post = (order: string, signal: AbortSignal, body?: object): Question => ({
  method: "POST",
  path: `/api/v1/${order}`,
  body,
  signal,
});

// Both ends are one program. What is looked at is only what tells the answers of the daemon, also
// of an older one, from everything else that might come.

const isStatus = (value: unknown): value is Status =>
  isObject(value) &&
  value["version"] === 1 &&
  Array.isArray(value["units"]) &&
  Array.isArray(value["pools"]);

const isRunList = (value: unknown): value is RunList =>
  isObject(value) && value["version"] === 1 && Array.isArray(value["runs"]);

const isEnvironmentList = (value: unknown): value is EnvironmentList =>
  isObject(value) && value["version"] === 1 && Array.isArray(value["environments"]);

const oneOf =
  <T extends { readonly kind: string }>(...kinds: readonly T["kind"][]) =>
  (value: unknown): value is T =>
    isObject(value) && kinds.some((kind) => kind === value["kind"]);

const isOrderResult = oneOf<OrderResult>("done", "unknown-unit");
const isReloadResult = oneOf<ReloadResult>("reloaded", "faulty");
const isCancelResult = oneOf<CancelResult>("done", "unknown-run", "ambiguous", "failed");
const isRecoverResult = oneOf<RecoverResult>("done", "failed");
const isPoolOrderResult = oneOf<PoolOrderResult>("done", "unknown-pool", "failed");
const isPlanResult = oneOf<PlanResult>("planned", "failed");
const isReexecResult = oneOf<ReexecResult>("accepted", "failed");

const isEnvironmentOrderResult = oneOf<EnvironmentOrderResult>("done", "failed");
const isJobOrderResult = oneOf<JobOrderResult>("started", "busy", "unknown-job");
const isBackupsResult = oneOf<BackupsResult>("done", "failed");
const isNotifyTestResult = oneOf<NotifyTestResult>("done", "unknown-target");
const isVerifyResult = oneOf<VerifyResult>("done", "refused");
const isApplyEvent = (value: unknown): value is ApplyEvent =>
  isObject(value) &&
  ["started", "done", "failed", "over"].some((event) => event === value["event"]);

async function* lines(message: IncomingMessage): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of message.setEncoding("utf8") as AsyncIterable<string>) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    yield* parts.filter((line) => line !== "");
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
