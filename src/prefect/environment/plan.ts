/** What differs between the environment that is declared and the one that is there, as steps. */
import type { Declaration } from "./declaration.ts";
import type { Place } from "./ports.ts";
import type { Version } from "./versions.ts";

export type EnvironmentStep =
  | { readonly kind: "build"; readonly lock: string; readonly lockHash: string }
  /** `to`: of what has yet to be built, the hash of its lock alone. */
  | { readonly kind: "switch"; readonly from: string | undefined; readonly to: string }
  | { readonly kind: "remove"; readonly version: string };

/** `held`: an operator went back, and the lock is still the one that he went back from. */
export type Standing = "in-step" | "differs" | "held";

export interface EnvironmentPlan {
  readonly standing: Standing;
  /** In the order in which they are done; none: nothing differs that is not meant to. */
  readonly steps: readonly EnvironmentStep[];
}

/** After `env rollback`. */
export interface Hold {
  /** What was declared then: another declaration ends it. */
  readonly inputs: string;
}

export interface EnvironmentFacts {
  readonly declaration: Declaration;
  readonly place: Place;
  readonly versions: readonly Version[];
  readonly hold: Hold | undefined;
  readonly removable: readonly Version[];
}

export function planEnvironment(facts: EnvironmentFacts): EnvironmentPlan {
  const { declaration, place, versions, hold, removable } = facts;
  const removals = removable.map(({ name }) => ({ kind: "remove", version: name }) as const);
  const current = place.kind === "link" ? place.version : undefined;
  const isCurrent = versions.find(({ name }) => name === current);
  if (isCurrent !== undefined && fits(isCurrent, declaration)) {
    return { standing: "in-step", steps: removals };
  }
  if (hold?.inputs === declaration.inputs) return { standing: "held", steps: removals };
  const built = versions.find((version) => fits(version, declaration));
  const { lock, lockHash } = declaration;
  const to = built?.name ?? lockHash;
  return {
    standing: "differs",
    steps: [
      ...(built === undefined ? [{ kind: "build", lock, lockHash } as const] : []),
      { kind: "switch", from: current, to },
      ...removals,
    ],
  };
}

/** Whether it is known, without asking uv, to be what is declared. */
export function fits(version: Version, declaration: Declaration): boolean {
  const { record, name, python } = version;
  if (record !== undefined) return record.inputs.includes(declaration.inputs);
  // One that scripts have built beside ours: its name holds the hash of its lock, which holds all.
  const { lock, lockHash, python: request } = declaration;
  if (lock !== "requirements-locked.txt" || !name.startsWith(`${lockHash}-`)) return false;
  return request.from !== "environment.python" || isVersion(request.wanted, python);
}

/** A path cannot be told from a version: then uv is asked. */
const isVersion = (wanted: string, python: string | undefined): boolean =>
  python !== undefined && (python === wanted || python.startsWith(`${wanted}.`));
