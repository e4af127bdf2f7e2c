/**
 * Keeps an eye on Prefect's API, over all reloads: whether it answers, and, while somebody reads the
 * metrics, how the installation does. What other parts of the daemon have just heard is not asked again.
 */

import type {
  AnswerCode,
  Endpoint,
  PrefectFailure,
  PrefectMetrics,
} from "../metrics/prefect-metrics.ts";
import { createPrefectApi, type PrefectApi } from "../prefect/api/client.ts";
import { createOverviewApi, type OverviewApi } from "../prefect/api/overview.ts";
import type { Answer, TransportOptions } from "../prefect/api/transport.ts";
import type { LatelyHeard } from "../prefect/overview/lately-heard.ts";
import { type DeclaredPool, Overview } from "../prefect/overview/overview.ts";
import type { PrefectView } from "../prefect/overview/view.ts";
import type { Clock } from "../supervision/ports.ts";
import { type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface PrefectWatchDeps {
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly metrics: () => PrefectMetrics;
}

/** Of one configuration. */
export interface WatchedPrefect {
  readonly transport: Omit<TransportOptions, "asked">;
  readonly lately: LatelyHeard;
  readonly declared: readonly DeclaredPool[];
}

const probeEvery = seconds(15);
const collectEvery = seconds(30);
/** After the last reader nobody is believed to look any more. */
const readerLife = minutes(2);
/** Three looks. */
const viewLife = ms(3 * collectEvery);

interface Watched extends WatchedPrefect {
  readonly api: OverviewApi & PrefectApi;
}

export class PrefectWatch implements Disposable {
  readonly #deps: PrefectWatchDeps;
  readonly #overview: Overview;
  readonly #probing: RepeatingTask;
  readonly #collecting: RepeatingTask;
  #watched: Watched | undefined;
  #readAt: Millis | undefined;
  #isUp = false;
  #version: string | undefined;

  constructor(deps: PrefectWatchDeps) {
    this.#deps = deps;
    const { clock, wallClock } = deps;
    this.#overview = new Overview({
      now: () => clock.now(),
      wallClock,
      finished: (...words) => deps.metrics().finished(...words),
    });
    this.#probing = new RepeatingTask(clock, minutes(1), (signal) => this.#probe(signal));
    this.#collecting = new RepeatingTask(clock, minutes(2), (signal) => this.#collect(signal));
  }

  /** @param prefect undefined where there is none to look after */
  configure(prefect: WatchedPrefect | undefined): void {
    if (prefect === undefined) {
      this.#watched = undefined;
      this.#deps.metrics().up(undefined, undefined);
      return;
    }
    const asked = (path: string, status: number | undefined, took: number): void =>
      this.#deps.metrics().asked(endpointOf(path), codeOf(status), took);
    const transport = { ...prefect.transport, requestTimeoutMs: 5_000, asked };
    const api = { ...createOverviewApi(transport), ...createPrefectApi(transport) };
    this.#watched = { ...prefect, api: prefect.lately.listening(api) };
    this.#overview.reconfigured();
    this.#probing.restart();
    if (this.#hasReader) this.#collecting.restart();
  }

  /** Undefined if nothing is known, or what is known is too old. */
  get view(): (PrefectView & { readonly version: string | undefined }) | undefined {
    const view = this.#watched === undefined ? undefined : this.#overview.view(viewLife);
    return view === undefined ? undefined : { ...view, version: this.#version };
  }

  /** Runs of a declared pool whose time has passed; undefined if that is not known. */
  late(pool: string): number | undefined {
    return this.view?.pools.find(({ name }) => name === pool)?.runs?.late;
  }

  /** It may answer differently from now on. */
  serverIsReady(): void {
    if (this.#watched !== undefined) this.#probing.request();
  }

  get overdue(): readonly string[] {
    const isOverdue = this.#probing.isOverdue || this.#collecting.isOverdue;
    return isOverdue ? ["the watch over Prefect's API"] : [];
  }

  /** Somebody reads what it finds: it is kept up to date for a while. */
  isRead(): void {
    const isFirst = !this.#hasReader;
    this.#readAt = this.#deps.clock.now();
    if (isFirst) this.#collecting.request();
  }

  [Symbol.dispose](): void {
    this.#probing[Symbol.dispose]();
    this.#collecting[Symbol.dispose]();
  }

  get #hasReader(): boolean {
    const at = this.#readAt;
    return at !== undefined && this.#deps.clock.now() - at < readerLife;
  }

  async #probe(signal: AbortSignal): Promise<TaskOutcome> {
    if (this.#watched === undefined) return { kind: "settled" };
    const { api, lately } = this.#watched;
    const at = () => this.#deps.wallClock().getTime() / 1000;
    if (lately.pools(probeEvery) === undefined) await api.pools(signal);
    const heard = lately.pools(probeEvery);
    if (signal.aborted || heard === undefined) return { kind: "settled" };
    const metrics = this.#deps.metrics();
    const failure = failureOf(heard.answer);
    metrics.probed({ probe: "read", failure, seconds: heard.took / 1000, at: at() });
    // That it could read shows that it lives.
    const health = failure === undefined ? undefined : await this.#askHealth(api, signal);
    if (signal.aborted) return { kind: "settled" };
    const lives = health?.failure;
    metrics.probed({ probe: "health", failure: lives, seconds: health?.seconds, at: at() });
    await this.#becomes(failure === undefined, api, signal);
    if (signal.aborted) return { kind: "settled" };
    metrics.up(failure === undefined && lives === undefined, failure === undefined);
    return { kind: "retry-in", span: probeEvery };
  }

  async #becomes(isUp: boolean, api: OverviewApi, signal: AbortSignal): Promise<void> {
    const wasUp = this.#isUp;
    this.#isUp = isUp;
    // It may be another one that answers after an outage.
    if (!isUp) this.#version = undefined;
    if (!isUp || wasUp) return;
    if (this.#hasReader) this.#collecting.request();
    const version = await api.version(signal);
    if (version.kind === "ok") this.#version = version.value;
  }

  async #askHealth(api: OverviewApi, signal: AbortSignal) {
    const began = this.#deps.clock.now();
    const answer = await api.health(signal);
    return { failure: failureOf(answer), seconds: (this.#deps.clock.now() - began) / 1000 };
  }

  async #collect(signal: AbortSignal): Promise<TaskOutcome> {
    if (this.#watched === undefined || !this.#hasReader) return { kind: "settled" };
    const { clock, wallClock, metrics } = this.#deps;
    const began = clock.now();
    const answer = await this.#overview.look(this.#watched, signal);
    if (signal.aborted) return { kind: "settled" };
    metrics().collected({
      collector: "prefect",
      failure: failureOf(answer),
      seconds: (clock.now() - began) / 1000,
      at: wallClock().getTime() / 1000,
      dropped: answer.kind === "ok" ? answer.value.leftOut * seriesOfAPool : 0,
    });
    return { kind: "retry-in", span: collectEvery };
  }
}

/** Of one that is not declared. */
const seriesOfAPool = 7;

const endpoints: readonly (readonly [RegExp, Endpoint])[] = [
  [/^\/work_pools\/[^/]+\/workers\/filter$/, "workers"],
  [/^\/work_pools\/filter$/, "work_pools"],
  [/^\/work_queues\/filter$/, "work_queues"],
  [/^\/flow_runs\/history$/, "flow_runs_history"],
  [/^\/flow_runs\/count$/, "flow_runs_count"],
  [/^\/flow_runs\/filter$/, "flow_runs"],
  [/^\/deployments\/filter$/, "deployments"],
  [/^\/admin\/version$/, "version"],
  [/^\/health$/, "health"],
];

const endpointOf = (path: string): Endpoint =>
  endpoints.find(([pattern]) => pattern.test(path))?.[1] ?? "other";

function codeOf(status: number | undefined): AnswerCode {
  if (status === undefined) return "error";
  if (status < 300) return "2xx";
  if (status < 400) return "3xx";
  return status < 500 ? "4xx" : "5xx";
}

/** Undefined: it succeeded. */
export function failureOf(answer: Answer<unknown>): PrefectFailure | undefined {
  if (answer.kind === "ok") return undefined;
  if (answer.kind === "refused") {
    if (answer.status === 401 || answer.status === 403) return "auth";
    return answer.status < 300 ? "body" : "status";
  }
  const sign = signs.find(([, pattern]) => pattern.test(answer.why));
  return sign?.[0] ?? "other";
}

const signs: readonly (readonly [PrefectFailure, RegExp])[] = [
  ["timeout", /did not answer within/],
  ["refused", /nothing listens|server is away/],
  ["tls", /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO_VERIFY/],
];
