/** One round about a declared environment: looks, builds what differs, switches, tidies up. */
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import type { EnvironmentMetrics } from "../metrics/environment-metrics.ts";
import type { Capabilities } from "../prefect/capabilities.ts";
import { askRevisions } from "../prefect/database/revision.ts";
import type { Declaration } from "../prefect/environment/declaration.ts";
import type { Failure } from "../prefect/environment/failure.ts";
import { type EnvironmentPlan, planEnvironment } from "../prefect/environment/plan.ts";
import { rollbackWarning } from "../prefect/environment/rollback.ts";
import type { Version } from "../prefect/environment/versions.ts";
import type { Clock } from "../supervision/ports.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import { EnvironmentMaker, type Known, type MakerDeps } from "./environment-maker.ts";
import type { EnvironmentShelf } from "./environment-shelf.ts";
import type { ProjectLock } from "./project-lock.ts";

export interface RoundDeps extends MakerDeps {
  readonly clock: Clock;
  /** Why PREFECT_HOME is not where it was: what lies beside it may be missing for the same reason. */
  readonly homeBlocker: (config: Config) => Promise<Blocker | undefined>;
  /** The real paths of the environments that flow runs run in, one for each run. */
  readonly runsIn: () => readonly string[];
  readonly metrics: () => EnvironmentMetrics;
  /** Of the tables of the server's database; undefined where that is not known. */
  readonly databaseRevision: () => Promise<string | undefined>;
  readonly keepCapabilities: (program: string, found: Capabilities) => void;
}

export interface Round {
  /** An operator has asked for it. */
  readonly isOrdered: boolean;
  readonly progress: (doing: string) => void;
  readonly signal: AbortSignal;
}

export type RoundEnd =
  | { readonly kind: "in-step" | "held" | "hangs" | "cut-short" }
  | { readonly kind: "waiting"; readonly runs: number }
  | { readonly kind: "failed"; readonly failure: Failure };

export type WentBack =
  | { readonly kind: "refused"; readonly why: string; readonly cure: string }
  | { readonly kind: "back"; readonly warning: string | undefined };

export class DeclaredEnvironment {
  readonly shelf: EnvironmentShelf;
  readonly lock: ProjectLock;
  config: Config;
  readonly #deps: RoundDeps;
  readonly #maker: EnvironmentMaker;
  #plan: EnvironmentPlan = inStep;

  constructor(shelf: EnvironmentShelf, lock: ProjectLock, config: Config, deps: RoundDeps) {
    this.shelf = shelf;
    this.lock = lock;
    this.config = config;
    this.#deps = deps;
    this.#maker = new EnvironmentMaker(deps);
  }

  /** What differs, by the last look. */
  get plan(): EnvironmentPlan {
    return this.#plan;
  }

  async round(round: Round): Promise<RoundEnd> {
    const { shelf, lock } = this;
    const lost = await this.#lost();
    if (lost !== undefined) return { kind: "failed", failure: lost };
    const read = await lock.look(round.isOrdered);
    if (round.signal.aborted) return { kind: "cut-short" };
    await shelf.store.sweep();
    await shelf.look();
    if (read === "hangs") return { kind: "hangs" };
    if (read !== "known") return { kind: "failed", failure: read };
    const { known } = lock;
    if (known === undefined) return { kind: "cut-short" };
    await this.#settleHold(known.declaration, round.isOrdered);
    this.#plan = this.#planFor(known.declaration);
    const { standing } = this.#plan;
    const end =
      standing === "differs" ? await this.#converge(known, round) : ({ kind: standing } as const);
    if (end.kind !== "in-step" && end.kind !== "held") return end;
    await shelf.followLink();
    await shelf.clean();
    return end;
  }

  async goBack(signal: AbortSignal): Promise<WentBack> {
    const { shelf, lock } = this;
    await shelf.look();
    const to = shelf.previous;
    const version = shelf.versions.find(({ name }) => name === to);
    if (to === undefined || (version === undefined && !to.includes("/"))) {
      const why = "there is no environment of before that could be gone back to";
      const cure = "correct the project's lock, then `sails-supervisor env sync`";
      return { kind: "refused", why, cure };
    }
    const inputs = lock.known?.declaration.inputs ?? shelf.current?.record?.inputs.at(-1) ?? null;
    const warning = version && (await this.#warningOf(version, signal));
    await shelf.switchTo(to, { inputs });
    if (warning !== undefined) this.#deps.log("warn", warning);
    return { kind: "back", warning };
  }

  async #warningOf({ path, prefect }: Version, signal: AbortSignal): Promise<string | undefined> {
    const { base: env, run, databaseRevision } = this.#deps;
    const [revision, known] = await Promise.all([
      databaseRevision(),
      askRevisions(run, join(path, "bin/python"), {
        env,
        directory: "/",
        timeoutMs: 30_000,
        signal,
      }),
    ]);
    return rollbackWarning(revision, known, prefect);
  }

  /** Built below the mount point of a volume that is away, it would be hidden by that volume. */
  async #lost(): Promise<Failure | undefined> {
    if ((await this.shelf.store.place()).kind !== "absent") return undefined;
    const blocker = await this.#deps.homeBlocker(this.config);
    if (blocker === undefined) return undefined;
    const { why, cure } = blocker;
    return { reason: "other", why: `nothing is built: ${why}`, cure: cure ?? "Mount the volume" };
  }

  /** An order to sync ends it; what nobody knew when it began is known now. */
  async #settleHold({ inputs }: Declaration, isOrdered: boolean): Promise<void> {
    const { hold } = this.shelf.remembered;
    if (hold === undefined) return;
    if (isOrdered) await this.shelf.remember({ hold: undefined });
    else if (hold.inputs === null) await this.shelf.remember({ hold: { inputs } });
  }

  #planFor(declaration: Declaration): EnvironmentPlan {
    const { place, versions, remembered } = this.shelf;
    const inputs = remembered.hold?.inputs ?? null;
    return planEnvironment({
      ...{ declaration, place, versions },
      hold: inputs === null ? undefined : { inputs },
      removable: [],
    });
  }

  async #converge(known: Known, { progress, signal }: Round): Promise<RoundEnd> {
    const { shelf, lock } = this;
    const { clock, metrics, runsIn, keepCapabilities, wallClock } = this.#deps;
    const { versions, current, store, path } = shelf;
    const { project } = lock;
    const { stateDir } = this.config;
    const to = this.#plan.steps.find((step) => step.kind === "switch")?.to;
    const there = versions.find(({ name }) => name === to);
    const began = clock.now();
    const made = await this.#maker.make({
      ...{ project, stateDir, store, known, versions, current, there, progress, signal },
    });
    metrics().took((clock.now() - began) / 1000);
    if (signal.aborted) return { kind: "cut-short" };
    if (made.kind === "failed") return made;
    await shelf.look();
    if (made.name !== shelf.current?.name) {
      // What began while a folder lay at the path itself looks there for what it imports, and would
      // get it from the new environment. What begins now does not.
      const runs = runsIn().filter((folder) => folder === path).length;
      if (runs > 0) return { kind: "waiting", runs };
      if (made.capabilities !== undefined) {
        keepCapabilities(join(`${path}.versions`, made.name, "bin/prefect"), made.capabilities);
      }
      await shelf.switchTo(made.name, undefined);
      await shelf.remember({ lastSync: wallClock().toISOString() });
    }
    metrics().attempted(undefined);
    this.#plan = inStep;
    return { kind: "in-step" };
  }
}

const inStep: EnvironmentPlan = { standing: "in-step", steps: [] };
