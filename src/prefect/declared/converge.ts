/**
 * One round towards what is declared: read what is, plan, perform, and say what could not be had.
 * Pools come first, each opening the way for its workers as soon as it is right.
 */
import type { Config } from "../../config/config.ts";
import type { Blocker } from "../../supervision/unit-state.ts";
import type { Deployment } from "../api/declared.ts";
import type { Answer } from "../api/transport.ts";
import { poolCondition } from "../installation.ts";
import type { CommandRequest, RunCommand } from "../ports.ts";
import { type DeclaredFiles, readDeclaredFiles } from "./declared-files.ts";
import { type DeployJob, deployAll, noteOf, restore } from "./deploy.ts";
import type { DeploymentOrder } from "./deployments.ts";
import type { AskedTemplate } from "./job-template.ts";
import { performLimitOrder, planLimits } from "./limits.ts";
import {
  failureOf,
  keyOf,
  madeFrom,
  nothingPlanned,
  notMade,
  type Plan,
  type PlanDeps,
  type PlannedStep,
  type PoolsSeen,
  planDeclaredDeployments,
  planDeclaredSchedules,
  seePools,
} from "./plan.ts";
import { isDetached, type PoolOrder, type PoolPlan, performPoolOrder, planPools } from "./pools.ts";
import { adoptedSchedules } from "./put-back.ts";
import { performScheduleOrder } from "./schedules.ts";
import {
  type Difficulty,
  isHeld,
  type Left,
  type PartPlan,
  type Planned,
  pastWords,
  type Step,
  shown,
  stepId,
} from "./steps.ts";
import { waitingRuns } from "./waiting-runs.ts";

/** Told of each step as it is carried out. */
export interface StepObserver {
  readonly started: (step: Step) => void;
  readonly done: (step: Step) => void;
  readonly failed: (step: Step, why: string, answer: FailedStep) => void;
}

export type FailedStep = "command" | Exclude<Answer<never>, { kind: "ok" }>;

export interface ConvergeDeps extends PlanDeps {
  /** `apply`: what somebody changed in Prefect is put back, too, where it is else only reported. */
  readonly mode: "keep" | "apply";
  /** Ids of deployments that the last round found gone from their file: by itself, only these go. */
  readonly goneBefore: Set<string>;
  readonly observer: StepObserver;
  readonly run: RunCommand;
  readonly program: string;
  readonly env: CommandRequest["env"];
  /** Of the installed Prefect; asked for at most once a round. */
  readonly defaultTemplate: () => Promise<AskedTemplate>;
  readonly setCondition: (name: string, blocker: Blocker | undefined) => void;
  /** Resolves when no worker is about to become ready any more. */
  readonly workersStarted: (signal: AbortSignal) => Promise<void>;
}

export type Round =
  | { readonly kind: "done"; readonly plan: Plan }
  /** The API was away or would not answer: nothing is known, and it is worth another try. */
  | { readonly kind: "cut-short"; readonly why: string };

export async function converge(deps: ConvergeDeps): Promise<Round> {
  const round = new RoundUnderWay(deps);
  const cut = await round.run();
  return cut === undefined ? { kind: "done", plan: round.plan } : { kind: "cut-short", why: cut };
}

/** Why the round cannot go on, or undefined. */
type Cut = string | undefined;

/** Nobody has to correct anything: a server that is away, or busy, or out of disk. */
const mayPass = (answer: Exclude<Answer<never>, { kind: "ok" }>): boolean =>
  answer.kind === "unreachable" || answer.status >= 500;

type Removal = Planned<Extract<DeploymentOrder, { readonly kind: "delete" }>>;

class RoundUnderWay {
  readonly #deps: ConvergeDeps;
  #plan: Plan = nothingPlanned;

  constructor(deps: ConvergeDeps) {
    this.#deps = deps;
  }

  /** What it has left undone, and why. */
  get plan(): Plan {
    return this.#plan;
  }

  async run(): Promise<Cut> {
    const { api, config, ledger, signal, workersStarted, files: remote } = this.#deps;
    const seen = await seePools(api, config, signal);
    if (seen.kind !== "ok") return seen.why;
    const pools = await this.#pools(seen.value);
    await ledger.save();
    if (pools !== undefined) return pools;

    // Workers first: on one CPU their starts and `prefect deploy` would starve each other and the server.
    await workersStarted(signal);
    const files = await readDeclaredFiles(config, remote);
    this.#note({ difficulties: files.difficulties });
    const deployed = await this.#deployments(files, seen.value);
    if (typeof deployed === "string") return deployed;
    const scheduled = await this.#schedules(deployed);
    if (scheduled !== undefined) return scheduled;
    this.#note({ difficulties: ownCommands(config, deployed) });
    const late = await api.lateRuns(signal);
    if (late.kind !== "ok") return late.why;
    this.#note({ difficulties: waitingRuns(late.value, seen.value.pools, config.pools) });
    await ledger.save();
    return undefined;
  }

  async #pools({ pools, queues, limits }: PoolsSeen): Promise<Cut> {
    const { config, setCondition, ledger, api, signal } = this.#deps;
    const planned = planPools(config.pools, pools, queues, ledger.wasClaimed);
    this.#begin(planned);
    const notRight = new Map(planned.mismatches.map(({ pool }) => [pool.name, pool]));
    for (const { pool, actualType } of planned.mismatches) {
      const why = `pool ${pool.name} is of type ${actualType}, not ${pool.type}`;
      const cure = `Set its type to ${actualType} in the configuration, or delete the pool in Prefect`;
      setCondition(poolCondition(pool.name), { kind: "config", why, cure });
    }
    const waiting = new Set(planned.planned.filter(gates).map(({ order }) => order.pool.name));
    for (const { name } of config.pools) {
      if (!notRight.has(name) && !waiting.has(name)) setCondition(poolCondition(name), undefined);
    }
    let cut = await this.#poolOrders(planned.planned);
    if (planned.planned.some(({ order }) => order.kind.endsWith("queue"))) {
      cut ??= await this.#queuesAgain();
    }
    const limitPlan = planLimits(config.concurrencyLimits, limits, ledger.wasClaimed);
    this.#begin(limitPlan);
    const made = await this.#perform(limitPlan.planned, ({ order }) =>
      performLimitOrder(api, order, signal),
    );
    return cut ?? made;
  }

  async #poolOrders(planned: PoolPlan["planned"]): Promise<Cut> {
    const { api, setCondition, defaultTemplate, signal } = this.#deps;
    const templateOnce = once(defaultTemplate);
    const failed = new Set<string>();
    return this.#perform(planned, async ({ order }) => {
      const answer = await performPoolOrder(api, order, templateOnce, signal);
      const { name } = order.pool;
      if (answer.kind === "ok") {
        if (!failed.has(name)) setCondition(poolCondition(name), undefined);
      } else if (gates({ order })) {
        failed.add(name);
        const why = `pool ${name} is not right: ${answer.why}`;
        setCondition(poolCondition(name), { kind: "dependency", why });
      }
      return answer;
    });
  }

  /** Prefect has moved queues aside for others: that is nobody's doing but ours. */
  async #queuesAgain(): Promise<Cut> {
    const { api, config, signal } = this.#deps;
    const queues = await api.queues(signal);
    if (queues.kind !== "ok") return queues.why;
    const pools = await api.pools(signal);
    if (pools.kind !== "ok") return pools.why;
    const { planned } = planPools(config.pools, pools.value, queues.value, () => false);
    return this.#poolOrders(planned.filter(({ step }) => step.kind === "queue"));
  }

  /** What is there after it, or why the round cannot go on. */
  async #deployments(
    files: DeclaredFiles,
    { pools }: PoolsSeen,
  ): Promise<readonly Deployment[] | string> {
    const { api, config, ledger, signal } = this.#deps;
    for (const id of Object.keys(ledger.interrupted)) {
      const restored = await restore(id, this.#deps);
      if (restored.kind !== "ok" && mayPass(restored)) return restored.why;
    }
    const before = await api.deployments(signal);
    if (before.kind !== "ok") return before.why;
    ledger.forgetOthers(new Set(before.value.map(({ id }) => id)));
    const planned = planDeclaredDeployments(config, files, before.value, pools, ledger.deployments);
    this.#begin(planned);
    for (const { entry, actual } of planned.adopted) {
      ledger.record(actual.id, {
        ...noteOf(entry, actual),
        isOurs: false,
        paused: entry.paused,
        schedules: adoptedSchedules(entry, actual),
      });
    }
    const now = planned.planned.filter((each) => this.#isDue(each));
    const removals = now.flatMap(({ order, ...rest }): Removal[] =>
      order.kind === "delete" ? [{ ...rest, order }] : [],
    );
    const cut = (await this.#deploy(now)) ?? (await this.#delete(removals));
    if (cut !== undefined) return cut;
    if (now.length === 0) return before.value;
    const after = await api.deployments(signal);
    return after.kind === "ok" ? after.value : after.why;
  }

  async #deploy(planned: readonly Planned<DeploymentOrder>[]): Promise<Cut> {
    const { observer, failedBefore } = this.#deps;
    const steps = new Map<DeployJob["entry"], Step>();
    const jobs = planned.flatMap(({ step, order }): DeployJob[] => {
      if (order.kind !== "deploy") return [];
      // Not worth the seconds of another try yet.
      const before = failureOf(order.entry, failedBefore);
      if (before !== undefined) {
        this.#pending(step);
        this.#note({ difficulties: [before] });
        return [];
      }
      steps.set(order.entry, step);
      observer.started(step);
      return [{ entry: order.entry, actual: order.actual }];
    });
    if (jobs.length === 0) return undefined;
    const outcome = await deployAll(jobs, {
      ...this.#deps,
      told: ({ entry }, failure) => {
        const step = steps.get(entry);
        if (step === undefined) return;
        if (failure === undefined) {
          failedBefore.delete(keyOf(entry));
          observer.done(step);
          return;
        }
        failedBefore.set(keyOf(entry), { made: madeFrom(entry), why: failure });
        this.#pending(step);
        this.#note({ difficulties: [notMade(entry, failure)] });
        observer.failed(step, failure, "command");
      },
    });
    if (outcome.kind === "ok") return undefined;
    if (mayPass(outcome)) return outcome.why;
    const what = `what an operator had set could not be put back: ${outcome.why}`;
    this.#note({ difficulties: [{ id: "deployments", what }] });
    return undefined;
  }

  /** A file that is just being written lacks what it will have: what is gone must be so twice. */
  #delete(removals: readonly Removal[]): Promise<Cut> {
    const { api, mode, goneBefore, signal } = this.#deps;
    const { sure = [], unsure = [] } = Object.groupBy(removals, ({ order }) =>
      mode === "apply" || goneBefore.has(order.id) ? "sure" : "unsure",
    );
    goneBefore.clear();
    for (const { step, order } of unsure) {
      goneBefore.add(order.id);
      this.#pending(step);
    }
    return this.#perform(sure, ({ order }) => api.deleteDeployment(order.id, signal));
  }

  async #schedules(actual: readonly Deployment[]): Promise<Cut> {
    const { api, config, ledger, signal } = this.#deps;
    const planned = planDeclaredSchedules(config, actual, undefined, ledger);
    this.#begin(planned);
    return this.#perform(planned.planned, ({ order }) => performScheduleOrder(api, order, signal));
  }

  #begin({ left, difficulties, claims }: PartPlan<unknown>): void {
    this.#note({ left, difficulties });
    this.#deps.ledger.note(claims);
  }

  /** Those that are due, one after the other. One that fails stops no other. */
  async #perform<Order>(
    planned: readonly Planned<Order>[],
    act: (each: Planned<Order>) => Promise<Answer<unknown>>,
  ): Promise<Cut> {
    const { observer, ledger, signal } = this.#deps;
    let cut: Cut;
    for (const each of planned) {
      if (!this.#isDue(each)) continue;
      if (signal.aborted) return "cut short";
      observer.started(each.step);
      const answer = await act(each);
      if (answer.kind === "ok") {
        ledger.note(each.claims);
        observer.done(each.step);
        continue;
      }
      this.#pending(each.step);
      observer.failed(each.step, answer.why, answer);
      if (mayPass(answer)) cut ??= answer.why;
      else this.#note({ difficulties: [refusal(each.step, answer.why)] });
    }
    return cut;
  }

  /** Else it is only told of. */
  #isDue({ step }: Pick<Planned<unknown>, "step">): boolean {
    const { config, mode } = this.#deps;
    if (mode === "apply" || !isHeld(step, config.drift)) return true;
    if (!this.#plan.steps.some((each) => stepId(each) === stepId(step) && each.isReported)) {
      this.#note({ steps: [{ ...step, isReported: true }], difficulties: [drifted(step)] });
    }
    return false;
  }

  #pending(step: Step): void {
    this.#note({ steps: [{ ...step, isReported: false }] });
  }

  #note(more: {
    readonly steps?: readonly PlannedStep[];
    readonly left?: readonly Left[];
    readonly difficulties?: readonly Difficulty[];
  }): void {
    const { steps, left, difficulties } = this.#plan;
    this.#plan = {
      steps: [...steps, ...(more.steps ?? [])],
      left: [...left, ...(more.left ?? [])],
      difficulties: [...difficulties, ...(more.difficulties ?? [])],
    };
  }
}

/** Whether the workers of the pool have to wait for it: for the pool, its limit, how its runs start. */
const gates = ({ order }: { readonly order: PoolOrder }): boolean =>
  order.kind === "create" ||
  order.kind === "set-template" ||
  (order.kind === "update" && order.change.concurrency_limit !== undefined);

const refusal = (step: Step, why: string): Difficulty => ({
  id: stepId(step),
  what: `${step.kind} ${step.name} could not be ${pastWords[step.action]}: ${why}`,
  cure: "Correct it, then `sails-supervisor reload`",
});

function drifted(step: Step): Difficulty {
  const fields = step.fields.map(
    ({ field, from, to }) => `${field} is ${shown(from)} and not ${shown(to)}`,
  );
  const what = `${step.kind} ${step.name} was changed in Prefect: ${fields.join(", ")}`;
  const cure =
    "`sails-supervisor apply` puts it back; to keep it, change what is declared, in the configuration or in prefect.yaml";
  return { id: `drift ${stepId(step)}`, what, cure };
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}

/** Theirs to choose; but what it costs must be known. */
function ownCommands({ pools }: Config, deployments: readonly Deployment[]): readonly Difficulty[] {
  const detached = new Set(pools.filter(isDetached).map(({ name }) => name));
  return deployments.flatMap(({ name, flowName, poolName, command }) => {
    if (command === undefined || poolName === undefined || !detached.has(poolName)) return [];
    const what = `deployment ${flowName}/${name} has a command of its own, so that its flow runs do not outlive their worker: a restart of worker@${poolName} waits for them`;
    const cure = "Take command out of its job_variables, if it is not needed";
    return [{ id: `command ${flowName}/${name}`, what, cure }];
  });
}
