/**
 * Looks at an installation as a whole, for the metrics. One look is twelve requests at most, however
 * many pools there are: of more than three declared ones, three are looked at each time, in turn.
 */
import { type Millis, seconds } from "../../supervision/time.ts";
import type { PrefectApi, WorkPool } from "../api/client.ts";
import type { Ended, OverviewApi, Span } from "../api/overview.ts";
import type { Answer } from "../api/transport.ts";
import type { LatelyHeard } from "./lately-heard.ts";
import { ScheduleWatch } from "./schedule-watch.ts";
import { type PoolDetails, type PrefectView, poolView, queueView } from "./view.ts";

export interface OverviewDeps {
  readonly now: () => Millis;
  readonly wallClock: () => Date;
  /** So many flow runs of the pool have ended since this was told last. */
  readonly finished: (pool: string, state: Ended, count: number) => void;
}

export interface Asking {
  readonly api: OverviewApi & Pick<PrefectApi, "pools" | "workers">;
  readonly lately: LatelyHeard;
  readonly declared: readonly DeclaredPool[];
}

export interface DeclaredPool {
  readonly name: string;
  /** Our units, and what Prefect calls them. */
  readonly workers: readonly { readonly unit: string; readonly name: string }[];
}

export interface Looked {
  /** Pools that are left out. */
  readonly leftOut: number;
}

const poolsAtOnce = 3;
/** Labels that come from outside. */
const mostPools = 100;
/** What somebody was told so lately is not asked again. */
const believed = seconds(28);
/** The end of a run is written a while after it. */
const written = seconds(30);

interface Known extends PoolDetails {
  readonly askedAt: Millis;
}

export class Overview {
  readonly #deps: OverviewDeps;
  readonly #schedules = new ScheduleWatch();
  #known = new Map<string, Known>();
  /** Until when the runs that ended have been counted, by pool. */
  readonly #countedUntil = new Map<string, Date>();
  readonly #began: Date;
  #view: { readonly at: Millis; readonly view: PrefectView } | undefined;

  constructor(deps: OverviewDeps) {
    this.#deps = deps;
    this.#began = deps.wallClock();
  }

  /** Undefined if there was no whole look within that time. */
  view(within: Millis): PrefectView | undefined {
    const { at, view } = this.#view ?? {};
    return at !== undefined && this.#deps.now() - at < within ? view : undefined;
  }

  /** There is another configuration. */
  reconfigured(): void {
    this.#schedules.listAnew();
  }

  /** Nothing of the last look is lost if this one fails. */
  async look(asking: Asking, signal: AbortSignal): Promise<Answer<Looked>> {
    const { api, lately, declared } = asking;
    // First and alone: where it is not answered, nothing else will be.
    const pools = lately.pools(believed)?.answer ?? (await api.pools(signal));
    if (pools.kind !== "ok") return pools;
    const there = new Set(pools.value.map(({ name }) => name));
    const turn = this.#turn(declared.filter(({ name }) => there.has(name)));
    const [queues, schedules, ...details] = await Promise.all([
      api.queueStates(signal),
      this.#schedules.look(api, { now: this.#deps.now(), wall: this.#deps.wallClock() }, signal),
      ...turn.map((pool) => this.#ask(pool, asking, signal)),
    ]);
    const failed = [schedules, ...details].find(isFailed);
    if (failed !== undefined) return failed;
    if (queues.kind !== "ok") return queues;
    this.#forgetPools(declared);
    const shown = choose(pools.value, declared);
    const names = new Set(shown.map(({ name }) => name));
    const view: PrefectView = {
      pools: shown.map((pool) => poolView(pool, this.#known.get(pool.name))),
      queues: queues.value.map(queueView).filter(({ pool }) => names.has(pool)),
      workers: declared.flatMap((pool) => this.#heartbeats(pool)),
      stalledSchedules: this.#schedules.stalled,
    };
    this.#view = { at: this.#deps.now(), view };
    return { kind: "ok", value: { leftOut: pools.value.length - shown.length } };
  }

  /** Those that were not asked about for longest. */
  #turn(pools: readonly DeclaredPool[]): readonly DeclaredPool[] {
    const askedAt = ({ name }: DeclaredPool): number => this.#known.get(name)?.askedAt ?? -1;
    return pools.toSorted((one, other) => askedAt(one) - askedAt(other)).slice(0, poolsAtOnce);
  }

  async #ask(
    { name }: DeclaredPool,
    { api, lately }: Asking,
    signal: AbortSignal,
  ): Promise<Answer<unknown>> {
    const before = this.#known.get(name);
    const counted = this.#countedUntil.get(name) ?? this.#began;
    const until = this.#until(counted);
    const heard = lately.workers(name, believed);
    const [runs, workers] = await Promise.all([
      api.runCounts(name, spanOf(counted, until), signal),
      heard === undefined ? api.workers(name, signal) : ({ kind: "ok", value: heard } as const),
    ]);
    if (runs.kind !== "ok") return runs;
    if (workers.kind !== "ok") return workers;
    this.#countedUntil.set(name, until);
    for (const state of endStates) {
      const count = runs.value.ended[state];
      if (count > 0) this.#deps.finished(name, state, count);
    }
    const { live } = runs.value;
    const late =
      live.late === 0
        ? ({ kind: "ok", value: undefined } as const)
        : await api.oldestLate(name, signal);
    const oldestLate = late.kind === "ok" ? late.value : before?.oldestLate;
    const askedAt = this.#deps.now();
    this.#known.set(name, { runs: live, workers: workers.value, oldestLate, askedAt });
    return late;
  }

  #until(counted: Date): Date {
    return new Date(Math.max(counted.getTime(), this.#deps.wallClock().getTime() - written));
  }

  #heartbeats({ name, workers }: DeclaredPool): PrefectView["workers"] {
    const rows = this.#known.get(name)?.workers ?? [];
    return workers.flatMap(({ unit, name: worker }) => {
      const beat = rows.find((row) => row.name === worker)?.last_heartbeat_time ?? undefined;
      return beat === undefined ? [] : [{ unit, pool: name, lastHeartbeat: beat }];
    });
  }

  #forgetPools(declared: readonly DeclaredPool[]): void {
    const names = new Set(declared.map(({ name }) => name));
    for (const map of [this.#known, this.#countedUntil]) {
      for (const name of map.keys()) if (!names.has(name)) map.delete(name);
    }
  }
}

const endStates = ["completed", "failed", "crashed", "cancelled"] as const;

/** The filters of Prefect hold at both ends, hence the microsecond. */
const spanOf = (counted: Date, until: Date): Span => ({
  after: `${counted.toISOString().slice(0, -1)}001Z`,
  before: until.toISOString(),
});

/** Declared ones first, should there be too many. */
function choose(
  pools: readonly WorkPool[],
  declared: readonly DeclaredPool[],
): readonly WorkPool[] {
  const names = new Set(declared.map(({ name }) => name));
  const ours = pools.filter(({ name }) => names.has(name));
  const others = pools.filter(({ name }) => !names.has(name));
  return [...ours, ...others].slice(0, Math.max(mostPools, ours.length));
}

type Failed = Exclude<Answer<never>, { readonly kind: "ok" }>;
const isFailed = (answer: Answer<unknown>): answer is Failed => answer.kind !== "ok";
