/** The environment as its operators see it: in which state it is, why, and what comes next. */
import type { EnvironmentStatus, EnvironmentUse, Problem } from "../control/status.ts";
import type { Declaration } from "../prefect/environment/declaration.ts";
import type { Failure } from "../prefect/environment/failure.ts";
import type { Version } from "../prefect/environment/versions.ts";
import type { Blocker } from "../supervision/unit-state.ts";

export type EnvironmentMode =
  | { readonly kind: "as-is" }
  | { readonly kind: "looking" }
  | { readonly kind: "building"; readonly doing: string }
  | { readonly kind: "waiting"; readonly runs: number }
  | { readonly kind: "in-step" }
  | { readonly kind: "held" }
  | { readonly kind: "failed"; readonly failure: Failure; readonly nextAt: Date }
  | { readonly kind: "hangs" };

export interface EnvironmentView {
  readonly path: string;
  readonly project: string | undefined;
  readonly mode: EnvironmentMode;
  readonly since: Date;
  readonly current: Version | undefined;
  readonly declaration: Declaration | undefined;
  readonly previous: string | undefined;
}

export function environmentStatus(view: EnvironmentView): EnvironmentStatus {
  const { path, project, mode, since, current, declaration, previous } = view;
  return {
    path,
    project: project ?? null,
    state: mode.kind,
    since: since.toISOString(),
    reason: reasonOf(view),
    next: nextOf(view),
    retryAt: mode.kind === "failed" ? mode.nextAt.toISOString() : null,
    current: current?.name ?? null,
    previous: previous ?? null,
    python: current?.python ?? null,
    prefect: current?.prefect ?? null,
    declared:
      declaration === undefined ? null : { lock: declaration.lock, lockHash: declaration.lockHash },
  };
}

function reasonOf({ path, project, mode, current, declaration }: EnvironmentView): string {
  switch (mode.kind) {
    case "as-is":
      return `${path} is used as it is: environment.project is not set`;
    case "looking":
      return `looks at ${project}`;
    case "building":
      return `builds the Python environment: ${mode.doing}`;
    case "waiting":
      return `a new environment is built and waits: ${mode.runs} flow ${mode.runs === 1 ? "run began" : "runs began"} in the folder that was at ${path} before`;
    case "in-step":
      return `is what ${declaration?.lock ?? "the lock"} says`;
    case "held":
      return `an operator went back to ${current?.name ?? "another one"}`;
    case "failed":
      return mode.failure.why;
    case "hangs":
      return `${project} does not answer; ${current === undefined ? "nothing can be built" : "what is in use stays as it is"}`;
    default:
      return mode satisfies never;
  }
}

function nextOf({ mode }: EnvironmentView): string | null {
  switch (mode.kind) {
    case "building":
      return "it is tried, then switched to by one rename; flow runs keep theirs";
    case "waiting":
      return "it is switched to when they have ended";
    case "held":
      return "stays so until the lock changes, or until `sails-supervisor env sync`";
    case "failed":
      return `${mode.failure.cure}; it is tried again by itself`;
    case "hangs":
      return "it is asked again every minute";
    case "as-is":
    case "looking":
    case "in-step":
      return null;
    default:
      return mode satisfies never;
  }
}

const lookAtMount = "Look at the mount that it lies on";

export function environmentProblems(
  mode: EnvironmentMode,
  project: string | undefined,
): readonly Problem[] {
  if (mode.kind === "failed") {
    const { why, cure } = mode.failure;
    const what = `the Python environment is not what is declared: ${why}`;
    return [{ id: "environment", what, cure }];
  }
  if (mode.kind !== "hangs") return [];
  const what = `the project's folder ${project} does not answer: a new lock there is not seen`;
  return [{ id: "environment", what, cure: lookAtMount }];
}

/** Why nothing can be started from one that is not there yet. */
export function environmentBlocker(mode: EnvironmentMode, project: string): Blocker | undefined {
  switch (mode.kind) {
    case "building":
      return { kind: "environment", why: `builds the Python environment: ${mode.doing}` };
    case "failed": {
      const { why, cure } = mode.failure;
      return { kind: "environment", why: `the Python environment is not there: ${why}`, cure };
    }
    case "hangs": {
      const why = `the Python environment is not there yet: ${project} does not answer`;
      return { kind: "environment", why, cure: lookAtMount };
    }
    case "looking":
      return { kind: "environment", why: `looks at ${project}, to build from it` };
    case "as-is":
    case "waiting":
    case "in-step":
    case "held":
      return undefined;
    default:
      return mode satisfies never;
  }
}

interface Shelved extends Pick<EnvironmentView, "current" | "previous"> {
  readonly versions: readonly Version[];
  /** See `ShelfDeps.runsIn`. */
  readonly runsIn: readonly string[];
}

/** The newest first, and who uses each. */
export function usesOf({ versions, current, previous, runsIn }: Shelved) {
  return versions
    .map((version) => {
      const runs = runsIn.filter((path) => path === version.path).length;
      const use: EnvironmentUse =
        version.name === current?.name
          ? "current"
          : runs > 0
            ? "running"
            : version.name === previous
              ? "previous"
              : "spare";
      return { version, use, runs };
    })
    .toSorted((one, other) => other.version.builtAt.getTime() - one.version.builtAt.getTime());
}
