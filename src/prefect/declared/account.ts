/** The account of one round: carries out the steps that are due, and notes what is left undone and why. */
import type { Config } from "../../config/config.ts";
import type { Answer } from "../api/transport.ts";
import type { Ledger } from "./ledger.ts";
import { nothingPlanned, type Plan } from "./plan.ts";
import {
  type Difficulty,
  type Drift,
  driftOf,
  type PartPlan,
  type Planned,
  pastWords,
  type Step,
  shown,
  stepId,
} from "./steps.ts";

/** Told of each step as it is carried out. */
export interface StepObserver {
  readonly started: (step: Step) => void;
  readonly done: (step: Step) => void;
  readonly failed: (step: Step, why: string, answer: FailedStep) => void;
}

export type FailedStep = "command" | Refused;

type Refused = Exclude<Answer<never>, { kind: "ok" }>;

/** Why the round cannot go on, or undefined. */
export type Cut = string | undefined;

/** Nobody has to correct anything: a server that is away, or busy, or out of disk. */
export const mayPass = (answer: Refused): boolean =>
  answer.kind === "unreachable" || answer.status >= 500;

export interface AccountDeps {
  readonly config: Pick<Config, "drift">;
  /** `apply`: what somebody changed in Prefect is put back, too, where it is else only reported. */
  readonly mode: "keep" | "apply";
  readonly ledger: Pick<Ledger, "note" | "isInDoubt">;
  readonly observer: StepObserver;
  readonly signal: AbortSignal;
}

export class Account {
  readonly #deps: AccountDeps;
  #plan: Plan = nothingPlanned;

  constructor(deps: AccountDeps) {
    this.#deps = deps;
  }

  /** What has been left undone, and why. */
  get plan(): Plan {
    return this.#plan;
  }

  begin({ left, difficulties, claims }: Omit<PartPlan<unknown>, "planned">): void {
    this.#note({ left, difficulties });
    this.#deps.ledger.note(claims);
  }

  /** Those that are due, one after the other. One that fails stops no other. */
  async perform<Order>(
    planned: readonly Planned<Order>[],
    act: (order: Order) => Promise<Answer<unknown>>,
  ): Promise<Cut> {
    const { observer, ledger, signal } = this.#deps;
    let cut: Cut;
    for (const { step, order, claims } of this.due(planned)) {
      if (signal.aborted) return "cut short";
      observer.started(step);
      const answer = await act(order);
      if (answer.kind === "ok") {
        ledger.note(claims);
        observer.done(step);
        continue;
      }
      this.pending(step);
      observer.failed(step, answer.why, answer);
      if (mayPass(answer)) cut ??= answer.why;
      else this.difficulties([refusal(step, answer.why)]);
    }
    return cut;
  }

  /** The others are only told of. */
  due<Order>(planned: readonly Planned<Order>[]): readonly Planned<Order>[] {
    const { config, mode, ledger } = this.#deps;
    return planned.filter(({ step }) => {
      const drift = driftOf(step, config.drift);
      if (mode === "apply" || drift?.mode !== "report") return true;
      this.#note({
        steps: [{ ...step, isReported: true, drift }],
        difficulties: [drifted(step, drift, ledger.isInDoubt)],
      });
      return false;
    });
  }

  pending(step: Step): void {
    const drift = driftOf(step, this.#deps.config.drift);
    this.#note({ steps: [{ ...step, isReported: false, drift }] });
  }

  difficulties(difficulties: readonly Difficulty[]): void {
    this.#note({ difficulties });
  }

  #note(more: Partial<Plan>): void {
    const { steps, left, difficulties } = this.#plan;
    this.#plan = {
      steps: [...steps, ...(more.steps ?? [])],
      left: [...left, ...(more.left ?? [])],
      difficulties: [...difficulties, ...(more.difficulties ?? [])],
    };
  }
}

const refusal = (step: Step, why: string): Difficulty => ({
  id: stepId(step),
  what: `${step.kind} ${step.name} could not be ${pastWords[step.action]}: ${why}`,
  cure: "Correct it, then `sails-supervisor reload`",
});

function drifted(step: Step, { key, mode }: Drift, isInDoubt: boolean): Difficulty {
  const fields = step.fields.map(
    ({ field, from, to }) => `${field} is ${shown(from)} and not ${shown(to)}`,
  );
  const how = isInDoubt ? "is not as it is declared" : "was changed in Prefect";
  const what = `${step.kind} ${step.name} ${how}: ${fields.join(", ")} (${key}: ${mode})`;
  const cure =
    "`sails-supervisor apply` makes it as declared; to keep it, change what is declared, in the configuration or in prefect.yaml";
  return { id: `drift ${stepId(step)}`, what, cure };
}
