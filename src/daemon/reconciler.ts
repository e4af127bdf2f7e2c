/**
 * Brings Prefect to what is declared, round after round: when it is asked, and every five minutes
 * by itself. Says what each round found, and carries out `plan` and `apply`.
 */
import { dirname, join } from "node:path";
import type { Config, EnvironmentVariables } from "../config/config.ts";
import type { Answer } from "../prefect/api/transport.ts";
import type { FailedStep, StepObserver } from "../prefect/declared/account.ts";
import { converge, type Round } from "../prefect/declared/converge.ts";
import type { RemoteFiles } from "../prefect/declared/declared-files.ts";
import { askDefaultTemplate } from "../prefect/declared/job-template.ts";
import type { Ledger } from "../prefect/declared/ledger.ts";
import {
  type FailedDeployments,
  nothingPlanned,
  type Plan,
  type ReconcileApi,
  readPlan,
} from "../prefect/declared/plan.ts";
import {
  type Difficulty,
  type Drift,
  driftOf,
  type Step,
  type StepKind,
  stepWords,
} from "../prefect/declared/steps.ts";
import { workingDirectory } from "../prefect/installation.ts";
import type { RunCommand } from "../prefect/ports.ts";
import type { Clock } from "../supervision/ports.ts";
import { type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import { RepeatingTask, type TaskOutcome } from "./repeating-task.ts";

export interface ReconcilerDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly api: ReconcileApi;
  readonly ledger: Ledger;
  readonly files: RemoteFiles;
  readonly run: RunCommand;
  /** Prefect's command line, which another environment may replace at any time. */
  readonly client: () => { readonly program: string; readonly env: EnvironmentVariables };
  readonly profileStep: () => Promise<Step | undefined>;
  readonly keepProfile: () => Promise<void>;
  readonly setCondition: (name: string, blocker: Blocker | undefined) => void;
  readonly workersStarted: (signal: AbortSignal) => Promise<void>;
  readonly log: (level: "info" | "warn", message: string) => void;
  readonly meter: ReconcileMeter;
  /** The end of what an earlier one has under way: there must not be two at it. */
  readonly before: Promise<unknown>;
  /** A round has been done: its difficulties may be others. */
  readonly changed: () => void;
}

/** What is counted of it. */
export interface ReconcileMeter {
  readonly stepDone: (kind: StepKind) => void;
  readonly stepFailed: (kind: StepKind, failure: FailedStep) => void;
  readonly rounded: (took: Millis, plan: Plan) => void;
}

export type ApplyOutcome =
  | { readonly kind: "done"; readonly plan: Plan }
  | { readonly kind: "failed"; readonly why: string };

const usualSpan = minutes(5);
/** What has left its file is looked for once more before it goes. */
const secondLook = seconds(30);
/** A deployment that failed may heal by what is not looked at: a package, a mount. */
const failedAgainAfter = minutes(60);
const soonest = seconds(5);
const latest = seconds(60);

export class Reconciler implements Disposable {
  readonly #deps: ReconcilerDeps;
  readonly #task: RepeatingTask;
  readonly #failedBefore: FailedDeployments = new Map();
  readonly #goneBefore = new Set<string>();
  #failedSince: Millis | undefined;
  /** One round at a time, whoever asks. */
  #turn: Promise<unknown>;
  readonly #disposed = new AbortController();
  #last: Plan = nothingPlanned;
  #told: ReadonlySet<string> = new Set();
  #hasConverged = false;
  #cutShort = 0;

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
    this.#turn = deps.before;
    // Hundreds of deployments, each of which may take half a minute.
    this.#task = new RepeatingTask(deps.clock, minutes(6 * 60), (signal) => this.#keep(signal));
  }

  get difficulties(): readonly Difficulty[] {
    return this.#last.difficulties;
  }

  /** Whether one whole round has been done since the server answered first. */
  get hasConverged(): boolean {
    return this.#hasConverged;
  }

  /** Resolves when nothing of it is under way. */
  get atRest(): Promise<unknown> {
    return this.#turn;
  }

  get isOverdue(): boolean {
    return this.#task.isOverdue;
  }

  /** A round, as soon as the one under way is done. What has failed is tried again in it. */
  request(): void {
    this.#failedBefore.clear();
    this.#task.request();
  }

  /** What differs now. Writes nothing. */
  async plan(): Promise<Answer<Plan>> {
    await this.#deps.ledger.open();
    return readPlan({
      ...this.#deps,
      failedBefore: this.#failedBefore,
      signal: this.#disposed.signal,
    });
  }

  /** All that differs, now, step by step; what is else only reported, too. */
  apply(observer: StepObserver): Promise<ApplyOutcome> {
    const { signal } = this.#disposed;
    return this.#inTurn(async () => {
      this.#failedBefore.clear();
      await this.#profile(observer);
      const round = await this.#round("apply", observer, signal);
      return round.kind === "done" ? round : { kind: "failed", why: round.why };
    });
  }

  [Symbol.dispose](): void {
    this.#disposed.abort();
    this.#task[Symbol.dispose]();
  }

  async #profile(observer: StepObserver): Promise<void> {
    const step = await this.#deps.profileStep();
    if (step === undefined) return;
    observer.started(step);
    await this.#deps.keepProfile();
    const still = await this.#deps.profileStep();
    if (still === undefined) observer.done(step);
    else observer.failed(step, "profiles.toml cannot be written", "command");
  }

  async #keep(signal: AbortSignal): Promise<TaskOutcome> {
    const quiet: StepObserver = { started: () => {}, done: () => {}, failed: () => {} };
    const round = await this.#inTurn(() => this.#round("keep", quiet, signal));
    if (signal.aborted) return { kind: "settled" };
    if (round.kind === "done") {
      this.#cutShort = 0;
      return { kind: "retry-in", span: this.#goneBefore.size > 0 ? secondLook : usualSpan };
    }
    if (this.#cutShort === 0) {
      this.#deps.log("warn", `pools and deployments are not looked after yet: ${round.why}`);
    }
    this.#cutShort += 1;
    const span = ms(Math.min(latest, soonest * 2 ** (this.#cutShort - 1)));
    return { kind: "retry-in", span };
  }

  async #round(
    mode: "keep" | "apply",
    observer: StepObserver,
    signal: AbortSignal,
  ): Promise<Round> {
    const { clock, run, config, meter, changed } = this.#deps;
    const { program, env } = this.#deps.client();
    this.#forgetOldFailures();
    const begun = clock.now();
    try {
      await this.#deps.ledger.open();
      this.#tell(this.#deps.ledger.difficulties);
      const round = await converge({
        ...this.#deps,
        program,
        env,
        mode,
        observer: this.#counting(observer),
        failedBefore: this.#failedBefore,
        goneBefore: this.#goneBefore,
        defaultTemplate: () =>
          askDefaultTemplate(run, join(dirname(program), "python"), {
            env,
            directory: workingDirectory(config),
            timeoutMs: 120_000,
            signal,
          }),
        signal,
      });
      if (signal.aborted || round.kind !== "done") return round;
      this.#tell(round.plan.difficulties);
      this.#told = new Set(round.plan.difficulties.map(({ what }) => what));
      this.#last = round.plan;
      this.#hasConverged = true;
      meter.rounded(ms(clock.now() - begun), round.plan);
      changed();
      return round;
    } catch (error) {
      // Of the disk: what would have to be put back cannot be noted, so nothing is begun.
      return { kind: "cut-short", why: `what is made cannot be noted: ${String(error)}` };
    }
  }

  /** Each once, as long as it is so. */
  #tell(difficulties: readonly Difficulty[]): void {
    for (const { what, cure } of difficulties) {
      if (this.#told.has(what)) continue;
      this.#told = new Set([...this.#told, what]);
      this.#deps.log("warn", cure === undefined ? what : `${what}. ${cure}`);
    }
  }

  #counting(observer: StepObserver): StepObserver {
    const { log, meter, ledger, config } = this.#deps;
    return {
      started: observer.started,
      done: (step) => {
        meter.stepDone(step.kind);
        const drift = ledger.isInDoubt ? undefined : driftOf(step, config.drift);
        const words = drift && `, as it is declared: it was changed in Prefect${byRule(drift)}`;
        log("info", `${stepWords(step)}${words ?? ""}`);
        observer.done(step);
      },
      failed: (step, why, answer) => {
        meter.stepFailed(step.kind, answer);
        observer.failed(step, why, answer);
      },
    };
  }

  #forgetOldFailures(): void {
    const now = this.#deps.clock.now();
    if (this.#failedBefore.size === 0) this.#failedSince = now;
    else if (now - (this.#failedSince ?? now) > failedAgainAfter) {
      this.#failedBefore.clear();
      this.#failedSince = now;
    }
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** Else it was an `apply`. */
const byRule = ({ key, mode }: Drift): string => (mode === "enforce" ? ` (${key}: enforce)` : "");
