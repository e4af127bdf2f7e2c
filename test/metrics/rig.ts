/** All the metrics over units that the test moves by hand through the real state machine. */
import { Registry } from "prom-client";
import { type EnvironmentSnapshot, noEnvironment } from "../../src/metrics/environment-metrics.ts";
import { type JobsSnapshot, noJobs } from "../../src/metrics/job-metrics.ts";
import { createMetrics, type Metrics } from "../../src/metrics/metrics.ts";
import { type Collected, nothingCollected } from "../../src/metrics/prefect-snapshot.ts";
import type { ProcessSample } from "../../src/metrics/process-sampler.ts";
import { noRuns, type RunsSnapshot } from "../../src/metrics/runs-snapshot.ts";
import { describe } from "../../src/supervision/describe.ts";
import { ms } from "../../src/supervision/time.ts";
import { transition } from "../../src/supervision/unit.ts";
import { rulesOf, type UnitSpec } from "../../src/supervision/unit-spec.ts";
import {
  initial,
  type UnitCommand,
  type UnitEvent,
  type UnitState,
} from "../../src/supervision/unit-state.ts";
import type { UnitView } from "../../src/supervision/unit-view.ts";

/** The wall clock when the monotonic one began. */
export const wallStart = 1_700_000_000;

export const sample: ProcessSample = {
  userSeconds: 3,
  systemSeconds: 1,
  residentBytes: 1_000,
  openFds: 10,
  maxFds: 1_024,
  processes: 2,
};

interface Unit extends UnitView {
  state: UnitState;
  pid: number | undefined;
}

export class Rig {
  now = 0;
  /** How far the wall clock has been set forward. */
  wallStep = 0;
  looks = 0;
  runs: RunsSnapshot = noRuns;
  jobs: JobsSnapshot = noJobs;
  environment: EnvironmentSnapshot = noEnvironment;
  collected: Collected = nothingCollected;
  isOutOfMemory = false;
  readonly samples = new Map<number, ProcessSample>();
  readonly metrics: Metrics;
  readonly #units = new Map<string, Unit>();
  #nextPid = 100;

  constructor(client = new Registry()) {
    this.metrics = createMetrics({
      client,
      build: { version: "1.2.3", revision: "abc", nodeVersion: "v24.0.0" },
      now: () => ms(this.now),
      toWallSeconds: (at) => wallStart + this.wallStep + at / 1000,
      units: () =>
        [...this.#units.values()].map((view) => ({
          view,
          description: describe(view, ms(this.now)),
        })),
      lookAtProcesses: () => {
        this.looks += 1;
        return (pid) => this.samples.get(pid);
      },
      runs: () => this.runs,
      jobs: () => this.jobs,
      environment: () => this.environment,
      collected: () => this.collected,
      outOfMemory: () => this.isOutOfMemory,
      isReady: () => true,
    });
  }

  /** As the supervisor does it: a unit that is gone from the list stays until it is down. */
  declare(specs: readonly UnitSpec[]): void {
    for (const spec of specs) {
      const state = this.#units.get(spec.name)?.state ?? initial;
      const pid = this.#units.get(spec.name)?.pid;
      this.#units.set(spec.name, { spec, state, pid });
    }
    this.metrics.declare(specs);
  }

  unit(name: string): UnitView {
    return this.#unit(name);
  }

  /** Events that name a generation get the unit's own; a timer fires when it is due. */
  send(name: string, event: UnitEvent, dice = 0): readonly UnitCommand[] {
    const unit = this.#unit(name);
    const from = unit.state;
    const rules = { ...rulesOf(unit.spec), hasPreflight: false };
    if (event.kind === "timed-out" && from.phase.kind === "starting") {
      this.now = Math.max(this.now, from.phase.until);
    }
    const own = "generation" in event ? { ...event, generation: from.generation } : event;
    const [to, commands] = transition(rules, from, own, { now: ms(this.now), dice });
    unit.state = to;
    if (own.kind === "ended" && to !== from) unit.pid = undefined;
    for (const { kind } of commands)
      if (kind === "spawn" || kind === "adopt") unit.pid = this.#nextPid++;
    this.metrics.observer.transition(unit, from, own);
    return commands;
  }

  #unit(name: string): Unit {
    const unit = this.#units.get(name);
    if (unit === undefined) throw new Error(`no such unit: ${name}`);
    return unit;
  }
}
