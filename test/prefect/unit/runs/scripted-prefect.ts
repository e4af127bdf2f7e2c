/** A server that holds runs and orchestrates their states as Prefect does; the same table shows both. */
import type { PrefectApi, Worker } from "../../../../src/prefect/api/client.ts";
import {
  type FlowRun,
  type FlowRunApi,
  liveTypes,
  type NewState,
  type Orchestrated,
  type RunState,
  type StateType,
} from "../../../../src/prefect/api/flow-runs.ts";
import type { Answer } from "../../../../src/prefect/api/transport.ts";
import { flowRun, state } from "./given.ts";

const finals: readonly StateType[] = ["COMPLETED", "FAILED", "CANCELLED", "CRASHED"];

interface Held {
  readonly run: FlowRun;
  readonly states: readonly RunState[];
  readonly errors: readonly string[];
}

export class ScriptedPrefect implements FlowRunApi, Pick<PrefectApi, "workers"> {
  readonly calls: string[] = [];
  readonly workers_: Worker[] = [];
  /** Said instead, by the call: `set run-1 CRASHED`, `run run-1`, `list`, … */
  readonly answers = new Map<string, Answer<never>>();
  /** Happens just before the call is answered. */
  readonly before = new Map<string, () => void>();
  isAway = false;
  inFlight = 0;
  mostInFlight = 0;
  readonly #wallClock: () => Date;
  readonly #held = new Map<string, Held>();
  #stateCount = 0;

  constructor(wallClock: () => Date) {
    this.#wallClock = wallClock;
  }

  get writes(): readonly string[] {
    return this.calls.filter((call) => call.startsWith("set"));
  }

  callsSince(count: number): readonly string[] {
    return this.calls.slice(count);
  }

  add(
    id: string,
    through: readonly StateType[],
    changes: Partial<Omit<FlowRun, "state">> = {},
  ): void {
    const run = flowRun("SCHEDULED", { ...changes });
    this.#held.set(id, { run: { ...run, id }, states: [], errors: [] });
    for (const type of ["SCHEDULED", ...through] as const) this.move(id, type);
  }

  delete(id: string): void {
    this.#held.delete(id);
  }

  /** What the engine, a worker or a person does: nobody asks. */
  move(id: string, type: StateType, changes: Partial<RunState> = {}): void {
    const held = this.#of(id);
    const timestamp = this.#wallClock();
    const next = state(type, { id: `state-${(this.#stateCount += 1)}`, timestamp, ...changes });
    const runCount = type === "RUNNING" ? held.run.runCount + 1 : held.run.runCount;
    const run = { ...held.run, state: next, runCount };
    this.#held.set(id, { ...held, run, states: [...held.states, next] });
  }

  change(id: string, changes: Partial<FlowRun>): void {
    const held = this.#of(id);
    this.#held.set(id, { ...held, run: { ...held.run, ...changes } });
  }

  logError(id: string, message: string): void {
    const held = this.#of(id);
    this.#held.set(id, { ...held, errors: [...held.errors, message] });
  }

  nameOf(id: string): string {
    return this.#of(id).run.state.name;
  }

  typeOf(id: string): StateType {
    return this.#of(id).run.state.type;
  }

  messageOf(id: string): string {
    return this.#of(id).run.state.message;
  }

  statesOf(id: string): readonly string[] {
    return this.#of(id).states.map(({ name }) => name);
  }

  liveRuns(pools: readonly string[]): Promise<Answer<readonly FlowRun[]>> {
    return this.#answer(`list ${pools.join(",")}`, () =>
      [...this.#held.values()]
        .map(({ run }) => run)
        .filter(
          ({ pool, state: { type } }) => pools.includes(pool ?? "") && liveTypes.includes(type),
        ),
    );
  }

  recentCrashes(pools: readonly string[], since: Date): Promise<Answer<readonly FlowRun[]>> {
    return this.#answer(`crashes ${pools.join(",")}`, () =>
      [...this.#held.values()]
        .map(({ run }) => run)
        .filter(({ pool, state: { type, timestamp } }) => {
          const isRecent = type === "CRASHED" && timestamp >= since;
          return isRecent && pools.includes(pool ?? "");
        }),
    );
  }

  run(id: string): Promise<Answer<FlowRun | undefined>> {
    return this.#answer(`run ${id}`, () => this.#held.get(id)?.run);
  }

  stateHistory(id: string): Promise<Answer<readonly RunState[]>> {
    return this.#answer(`history ${id}`, () => this.#of(id).states);
  }

  errorsLogged(id: string): Promise<Answer<readonly string[]>> {
    return this.#answer(`errors ${id}`, () => this.#of(id).errors);
  }

  workers(pool: string): Promise<Answer<readonly Worker[]>> {
    return this.#answer(`workers ${pool}`, () => this.workers_);
  }

  setState(id: string, to: NewState): Promise<Answer<Orchestrated>> {
    return this.#answer(`set ${id} ${to.name}`, () => {
      const from = this.#of(id).run.state;
      const why = whyNot(from.type, to.type);
      if (why === undefined) {
        this.move(id, to.type, { name: to.name, message: to.message });
        return { kind: "accepted" };
      }
      if (from.type === "SCHEDULED") this.move(id, "CANCELLED");
      return { kind: "not-accepted", why, state: this.#of(id).run.state };
    });
  }

  async #answer<T>(call: string, perform: () => T): Promise<Answer<T>> {
    this.calls.push(call);
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    await Promise.resolve();
    this.inFlight -= 1;
    if (this.isAway) return { kind: "unreachable", why: "nothing listens at http://x/api" };
    const happens = this.before.get(call);
    this.before.delete(call);
    happens?.();
    return this.answers.get(call) ?? { kind: "ok", value: perform() };
  }

  #of(id: string): Held {
    const held = this.#held.get(id);
    if (held === undefined) throw new Error(`there is no run ${id}`);
    return held;
  }
}

function whyNot(from: StateType, to: StateType): string | undefined {
  if (finals.includes(from) && ["CRASHED", "PAUSED", "CANCELLING"].includes(to)) {
    return `ABORT: Run is already in terminal state ${from}.`;
  }
  if (from === "CANCELLING" && to !== "CANCELLED") {
    return "REJECT: Cannot transition flows that are cancelling to a state other than Cancelled.";
  }
  if (from === "SCHEDULED" && to === "CANCELLING") {
    return "REJECT: Scheduled flow run has no infrastructure to terminate.";
  }
  return undefined;
}
