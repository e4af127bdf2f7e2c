/** One run, one worker that dies and is replaced, a server that comes and goes, and the guard over it. */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { StateType } from "../../../../src/prefect/api/flow-runs.ts";
import { guardedPool, ScriptedHost } from "./scripted-host.ts";

const moves = [
  ...(["pass", "claim", "name", "launch", "begin", "finish", "kill-run", "kill-worker"] as const),
  ...(["start-worker", "server-away", "server-back", "cancel", "miss-server"] as const),
] as const;
type Move = (typeof moves)[number];

/** So that most scripts come to something: things go their way more often than they go wrong. */
const weights: Readonly<Partial<Record<Move, number>>> = {
  claim: 8,
  name: 4,
  launch: 8,
  begin: 6,
  "start-worker": 4,
  "server-back": 4,
};

const anyMove = fc.oneof(
  ...moves.map((move) => ({ weight: weights[move] ?? 2, arbitrary: fc.constant(move) })),
);

const script = fc.array(fc.record({ move: anyMove, gap: fc.integer({ min: 0, max: 30_000 }) }), {
  minLength: 20,
  maxLength: 80,
});

const missed = "Failed to submit flow run to infrastructure: ConnectError: ";

const finals: readonly StateType[] = ["COMPLETED", "FAILED", "CANCELLED", "CRASHED"];

class World {
  readonly host = new ScriptedHost();
  readonly violations: string[] = [];
  /** How often the code of the flow has begun. */
  begun = 0;
  /** By the worker that lives, when. */
  #claimedAt: number | undefined;
  #workers = 0;
  #owesReport = false;

  constructor(onCrash: "leave" | "reschedule") {
    this.host.pools = [guardedPool("runs", { policy: { onCrash, maxReschedules: 2 } })];
    this.host.prefect.add("a", [], { workerName: undefined });
    this.host.prefect.setState = this.#checked();
    this.startWorker();
    this.host.guard.start();
  }

  /** Whatever the guard writes, it may not be about a process that lives. */
  #checked() {
    const setState = this.host.prefect.setState.bind(this.host.prefect);
    return (...[id, to]: Parameters<typeof setState>) => {
      if (this.process !== undefined) this.violations.push(`made it ${to.name} while it lives`);
      return setState(id, to);
    };
  }

  get process() {
    return this.host.runs.find(({ kind }) => kind === "alive");
  }

  get worker() {
    return this.host.workers[0];
  }

  get state(): StateType {
    return this.host.prefect.typeOf("a");
  }

  get isUp(): boolean {
    return !this.host.prefect.isAway;
  }

  startWorker(): void {
    if (this.worker !== undefined) return;
    this.#workers += 1;
    const pid = this.#workers;
    const startedAt = this.host.date();
    this.host.workers = [{ pool: "runs", name: "vm1-runs", pid, startedAt }];
  }

  killWorker(): void {
    if (this.worker === undefined) return;
    this.host.workers = [];
    this.#claimedAt = undefined;
    this.#owesReport = false;
    this.host.runs = this.host.runs.map((run) =>
      run.kind === "alive" ? { ...run, isOrphan: true } : run,
    );
    this.host.guard.workerEnded();
  }

  async serverIs(isUp: boolean): Promise<void> {
    this.host.prefect.isAway = !isUp;
    if (!isUp) return;
    this.host.guard.serverIsReady();
    await this.host.clock.advance(2_000);
    this.#report();
  }

  async act(move: Move): Promise<void> {
    const { host, worker, process, isUp } = this;
    const { prefect } = host;
    const age = worker === undefined ? 0 : host.date().getTime() - worker.startedAt.getTime();
    switch (move) {
      case "claim":
        if (age < 2_000 || !isUp || this.state !== "SCHEDULED") return;
        prefect.move("a", "PENDING");
        this.#claimedAt = host.clock.now();
        return;
      case "name":
        if (this.#claimedAt === undefined || !isUp) return;
        prefect.change("a", { workerName: "vm1-runs" });
        if (this.state === "PENDING") prefect.move("a", "PENDING", { name: "Submitting" });
        return;
      case "miss-server":
        if (this.#claimedAt === undefined || !isUp || this.state !== "PENDING") return;
        this.#claimedAt = undefined;
        return prefect.move("a", "CRASHED", { message: missed });
      case "launch":
        return this.#launch();
      case "begin":
        return process === undefined ? undefined : await this.#begin();
      case "finish":
        if (process === undefined || !isUp || this.state !== "RUNNING") return;
        prefect.move("a", "COMPLETED");
        return host.end("a");
      case "kill-run":
        return process === undefined ? undefined : await this.endOfRun();
      case "kill-worker":
        return this.killWorker();
      case "start-worker":
        return this.startWorker();
      case "server-away":
        return await this.serverIs(false);
      case "server-back":
        return isUp ? undefined : await this.serverIs(true);
      case "cancel":
        if (isUp && ["PENDING", "RUNNING"].includes(this.state)) prefect.move("a", "CANCELLING");
        return;
      case "pass":
        return;
      default:
        return move satisfies never;
    }
  }

  #launch(): void {
    const at = this.#claimedAt;
    this.#claimedAt = undefined;
    // With a server that answers, a worker does not take so long.
    if (this.worker === undefined || at === undefined || this.host.clock.now() - at > 600_000)
      return;
    if (this.process !== undefined) this.violations.push("two processes of one run");
    this.host.start("a", { isOrphan: false, workerPid: this.worker.pid });
  }

  async #begin(): Promise<void> {
    // The first request of an engine is not repeated.
    if (!this.isUp) return await this.endOfRun();
    if (this.state !== "PENDING") return;
    this.host.prefect.move("a", "RUNNING");
    this.begun += 1;
  }

  async endOfRun(): Promise<void> {
    this.#owesReport = this.process?.kind === "alive" && !this.process.isOrphan;
    this.host.end("a");
    await this.host.clock.advance(200);
    this.#report();
  }

  #report(): void {
    if (!this.#owesReport || !this.isUp || this.worker === undefined) return;
    this.#owesReport = false;
    if (finals.includes(this.state)) return;
    if (this.state === "CANCELLING") this.host.prefect.move("a", "CANCELLED");
    else this.host.prefect.move("a", "CRASHED", { message: "Process exited with status code: -9" });
  }
}

test.each(["leave", "reschedule"] as const)(
  "with on_crash: %s, whatever dies when, no run is executed twice and none lies",
  async (onCrash) => {
    const seen = { begun: 0, put: 0, lost: 0 };
    await fc.assert(
      fc.asyncProperty(script, async (steps) => {
        const world = new World(onCrash);
        using host = world.host;
        await host.clock.advance(5_000);
        for (const { move, gap } of steps) {
          await world.act(move);
          await host.clock.advance(move === "pass" ? gap : Math.min(gap, 400));
        }
        expect(world.violations).toEqual([]);
        await world.serverIs(true);
        world.killWorker();
        if (world.process !== undefined) await world.endOfRun();
        await host.clock.advance(40_000);

        expect(world.violations).toEqual([]);
        expect(["SCHEDULED", ...finals], "it lies").toContain(world.state);
        const puts = host.prefect.writes.filter((write) => write.endsWith("AwaitingRetry")).length;
        const mayBeGivenUp = world.begun > 0 ? onCrash === "leave" || puts >= 2 : puts >= 5;
        expect(host.prefect.messageOf("a") === missed && !mayBeGivenUp, "is lost").toBe(false);
        expect(host.runs, "a record is left").toEqual([]);
        expect(host.guard.unsettled.size).toBe(0);
        expect(world.begun).toBeLessThanOrEqual(onCrash === "leave" ? 1 : 3);
        seen.begun += world.begun;
        seen.put += host.told.filter((words) => words.includes("reschedule")).length;
        seen.lost += host.told.filter((words) => words.includes("crash after")).length;
      }),
      { numRuns: 1000 },
    );
    // The scripts do come to where it matters.
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20);
  },
);
