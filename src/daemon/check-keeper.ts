/** The checks of the configuration in force, over all reloads: looked at, told of, and heeded. */

import type { FinishedLook } from "../checks/checker.ts";
import { Checks } from "../checks/checks.ts";
import { type CheckView, describeCheck } from "../checks/describe.ts";
import type { Looker } from "../checks/ports.ts";
import type { CheckState } from "../checks/state.ts";
import type { Check } from "../checks/target.ts";
import type { Config } from "../config/config.ts";
import { homeCheck } from "../config/home-check.ts";
import type { StatusEvent } from "../control/control-plane.ts";
import type { CheckStatus, Problem } from "../control/status.ts";
import type { CheckMetrics, ShownCheckState } from "../metrics/check-metrics.ts";
import type { Intake } from "../prefect/runs/intake.ts";
import type { Clock } from "../supervision/ports.ts";
import { type Millis, minutes, seconds } from "../supervision/time.ts";
import { narrateCheck, narratePool } from "./check-narrator.ts";
import { checkProblems, checkStatuses, type Failing, failingOf } from "./check-status.ts";
import type { Memory } from "./memory.ts";
import type { Told } from "./narrator.ts";
import { PoolCloser } from "./pool-closer.ts";

export interface CheckKeeperDeps {
  readonly clock: Clock;
  readonly wallClock: () => Date;
  readonly toWallClock: (at: Millis) => Date;
  readonly looker: Looker;
  readonly memory: Pick<Memory, "now" | "change">;
  readonly intake: PoolIntake;
  readonly isPaused: (pool: string) => boolean;
  readonly changedAt: (pool: string) => string | undefined;
  /** What PREFECT_HOME was marked with by the last run. */
  readonly homeMark: (config: Config) => Promise<string | undefined>;
  readonly metrics: () => CheckMetrics;
  readonly tell: (told: Told) => void;
  readonly publish: (event: StatusEvent) => void;
}

type PoolIntake = Pick<Intake, "close" | "open" | "review" | "isThere">;

export class CheckKeeper implements Disposable {
  readonly #deps: CheckKeeperDeps;
  readonly #checks: Checks;
  readonly #closer: PoolCloser;
  #pools: Config["pools"] = [];

  constructor(deps: CheckKeeperDeps) {
    this.#deps = deps;
    const { clock, wallClock, looker, memory, intake, isPaused, changedAt, tell } = deps;
    this.#checks = new Checks({
      clock,
      wallClock,
      looker,
      looked: (look) => this.#looked(look),
      changed: (view, from) => this.#changed(view, from),
    });
    this.#closer = new PoolCloser({
      clock,
      intake,
      isPaused,
      changedAt,
      pools: () => this.#pools,
      stateOf: (check) => this.#stateOf(check),
      closures: () => memory.now.closures,
      overruled: () => memory.now.overruled,
      keepOverruled: (pools) => memory.change({ overruled: [...pools] }),
      told: (what, pool) => {
        const names = this.failing(pool).map(({ check }) => check);
        tell(narratePool(what, pool, names));
      },
    });
  }

  configure(config: Config): void {
    this.#pools = config.pools;
    const checks = checksOf(config, () => this.#homeMark(config));
    this.#deps.metrics().declare(checks.map(({ name }) => name));
    this.#checks.declare(checks);
    this.#closer.look();
  }

  /** What could not be done without it may be done now. */
  serverIsReady(): void {
    this.#closer.look();
  }

  get overdue(): readonly string[] {
    return this.#closer.isOverdue ? ["the closing of pools whose checks fail"] : [];
  }

  get statuses(): readonly CheckStatus[] {
    const { clock, toWallClock } = this.#deps;
    return checkStatuses(this.#checks.views, this.#pools, clock.now(), toWallClock);
  }

  get problems(): readonly Problem[] {
    const closable = this.#pools.filter(({ name }) => !this.isOverruled(name));
    return checkProblems(this.#checks.views, closable, this.#deps.clock.now());
  }

  /** What a pool requires and does not have. */
  failing(pool: string): readonly Failing[] {
    const { clock, toWallClock } = this.#deps;
    const requires = this.#pools.find(({ name }) => name === pool)?.requires ?? [];
    return failingOf(this.#checks.views, requires, clock.now(), toWallClock);
  }

  isOverruled(pool: string): boolean {
    return this.#deps.memory.now.overruled.includes(pool);
  }

  /** Waits for nothing: what hangs goes when it can. */
  [Symbol.dispose](): void {
    this.#closer[Symbol.dispose]();
    this.#checks[Symbol.dispose]();
  }

  async #homeMark(config: Config): Promise<string | undefined> {
    try {
      return await this.#deps.homeMark(config);
    } catch {
      // What cannot be read tells nothing; the guard of the server says so.
      return undefined;
    }
  }

  #stateOf(check: string): CheckState | undefined {
    return this.#checks.views.find((view) => view.check.name === check)?.state;
  }

  #looked({ check, answer, took }: FinishedLook): void {
    this.#deps.metrics().looked({
      check,
      failure: failureOf(answer),
      seconds: took / 1000,
      at: this.#deps.wallClock().getTime() / 1000,
    });
    // An operator may have changed a pool meanwhile.
    this.#closer.look();
  }

  #changed(view: CheckView, from: CheckState): void {
    const { clock, metrics, tell, publish, wallClock } = this.#deps;
    const { check, state } = view;
    metrics().believed(check.name, metricStates[state.kind]);
    tell(narrateCheck(view, from, clock.now()));
    publish({
      at: wallClock().toISOString(),
      unit: `check ${check.name}`,
      from: from.kind,
      to: state.kind,
      reason: describeCheck(view, clock.now()).reason,
    });
    this.#closer.look();
  }
}

const metricStates = {
  ok: "ok",
  warn: "ok",
  fail: "failed",
  hangs: "unknown",
  unknown: "unknown",
} as const satisfies Record<CheckState["kind"], ShownCheckState>;

function failureOf(answer: FinishedLook["answer"]): "timeout" | "condition" | "error" | undefined {
  if (answer.kind === "error") return "error";
  if (answer.kind !== "fail") return undefined;
  return answer.isLate === true ? "timeout" : "condition";
}

const gigabyte = 1e9;

/** Those that are declared, and that of PREFECT_HOME's volume. */
export function checksOf(
  { checks, prefect, server, pools }: Config,
  mark: () => Promise<string | undefined>,
): readonly Check[] {
  // Workers write there, too: results of flows, with a server elsewhere as well.
  const isUsed = server.enabled || pools.length > 0;
  if (!isUsed || checks.some(({ name }) => name === homeCheck)) return checks;
  const home: Check = {
    name: homeCheck,
    target: { kind: "home", path: prefect.home, min: gigabyte / 2, warn: 2 * gigabyte, mark },
    every: minutes(1),
    timeout: seconds(10),
    failureThreshold: 2,
    successThreshold: 2,
  };
  return [...checks, home];
}
