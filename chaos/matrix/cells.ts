/** What is to become of flow runs when something dies: the fault matrix, as data. */

export const targets = ["supervisor", "server", "worker", "flow", "child"] as const;
export const faults = ["SIGKILL", "SIGTERM", "SIGSTOP", "SIGSEGV", "OOM"] as const;
export const situations = [
  "idle",
  "claimed",
  "running",
  "cancelling",
  "hot restart",
  "adoption",
  "server away",
] as const;

export type Target = (typeof targets)[number];
export type Fault = (typeof faults)[number];
export type Situation = (typeof situations)[number];

export interface Cell {
  readonly target: Target;
  readonly fault: Fault;
  readonly situation: Situation;
}

/** The state that the flow run ends in; `up again` where there is none: the target is as before. */
export type Fate = "up again" | "Completed" | "Crashed" | "Cancelled";

export type Expected =
  | { readonly kind: "fate"; readonly fate: Fate }
  /** There is no such thing. */
  | { readonly kind: "nothing"; readonly why: string };

export function expected({ target, fault, situation }: Cell): Expected {
  if (situation === "idle" && (target === "flow" || target === "child")) {
    return nothing("there is no flow then");
  }
  if (situation === "claimed" && target === "child") {
    return nothing("a flow whose code has not begun has no child");
  }
  if (situation === "server away" && target === "server") return nothing("it is away already");
  if (situation === "idle") return fate("up again");
  if (situation === "cancelling") return fate("Cancelled");
  // Its code has not begun: it is scheduled again, whoever has ended it.
  if (situation === "claimed") return fate("Completed");
  return fate(endsRun(target, fault, situation) ? "Crashed" : "Completed");
}

/** Whether a run whose code has begun ends with it. */
function endsRun(target: Target, fault: Fault, situation: Situation): boolean {
  // Whoever is stopped goes on when it may.
  if (fault === "SIGSTOP") return false;
  if (target === "flow") return true;
  // The order to stop: to the daemon it means all, and Prefect's worker ends its own flows at it.
  if (fault !== "SIGTERM") return false;
  // In a hot restart it reaches the next worker, which has no flow yet.
  return target === "supervisor" || (target === "worker" && situation !== "hot restart");
}

export const cellsOf = (...some: readonly Target[]): readonly Cell[] =>
  some.flatMap((target) =>
    situations.flatMap((situation) => faults.map((fault) => ({ target, fault, situation }))),
  );

export const keyOf = ({ target, fault, situation }: Cell): string =>
  `${target}, ${fault}, ${situation}`;

const fate = (word: Fate): Expected => ({ kind: "fate", fate: word });
const nothing = (why: string): Expected => ({ kind: "nothing", why });
