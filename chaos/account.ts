/** What became of all runs, and what of it should not have been. */
import { hasEnded, type Ledger, starts } from "./ledger.ts";
import { type FlowRun, isBusy, isFinal } from "./prefect.ts";
import type { Purpose, Purposes } from "./purpose.ts";

/** What is known of one run when all is over. */
export interface Seen {
  readonly run: FlowRun;
  /** The names of all states that it had, the first one first. */
  readonly states: readonly string[];
}

export interface Account {
  readonly made: number;
  readonly completed: number;
  readonly crashed: Count;
  readonly failed: Count;
  readonly cancelled: Count;
  /** Not final, and it holds a slot. */
  readonly stuck: number;
  readonly neverStarted: number;
  readonly executedTwice: number;
  /** Scheduled once more before its code had begun. */
  readonly putBack: number;
  /** Each a sentence. */
  readonly faults: readonly string[];
}

export interface Count {
  readonly all: number;
  readonly onPurpose: number;
}

export function settle(seen: readonly Seen[], ledger: Ledger, purposes: Purposes): Account {
  const of = (type: string): readonly FlowRun[] =>
    seen.flatMap(({ run }) => (run.state_type === type ? [run] : []));
  const count = (type: string): Count => ({
    all: of(type).length,
    onPurpose: of(type).filter(({ id }) => purposes.has(id)).length,
  });
  const open = seen.filter(({ run }) => !isFinal(run));
  return {
    made: seen.length,
    completed: of("COMPLETED").length,
    crashed: count("CRASHED"),
    failed: count("FAILED"),
    cancelled: count("CANCELLED"),
    stuck: open.filter(({ run }) => isBusy(run)).length,
    neverStarted: open.filter(({ run }) => !isBusy(run)).length,
    executedTwice: seen.filter(({ run }) => starts(ledger, run.id).length > 1).length,
    putBack: seen.filter(({ states }) => states.includes("AwaitingRetry")).length,
    faults: seen.flatMap((each) => faultsOf(each, ledger, purposes)),
  };
}

function faultsOf({ run, states }: Seen, ledger: Ledger, purposes: Purposes): readonly string[] {
  const begun = starts(ledger, run.id).length;
  const isDone = hasEnded(ledger, run.id);
  const purpose = purposes.get(run.id);
  const found: string[] = [];
  if (begun > 1) found.push(`was executed ${begun} times`);
  if (run.state_type === "COMPLETED" && !isDone) found.push("is Completed without having ended");
  // Between the end of its code and its report it may be struck all the same.
  const isExpected =
    isWanted(run.state_type, purpose) || (isDone && run.state_type === "COMPLETED");
  if (!isExpected) found.push(`is ${run.state_name}, ${howFar(begun, isDone, purpose)}`);
  const words = run.state?.message ?? "no message";
  return found.map((what) => `${run.name} (${run.id}) ${what}: ${states.join(" → ")}; ${words}`);
}

const wantedFor: Readonly<Record<Purpose, string>> = { killed: "CRASHED", cancelled: "CANCELLED" };

const isWanted = (type: string, purpose: Purpose | undefined): boolean =>
  type === (purpose === undefined ? "COMPLETED" : wantedFor[purpose]);

function howFar(begun: number, isDone: boolean, purpose: string | undefined): string {
  const whatFor = purpose === undefined ? "" : ` and was ${purpose} on purpose`;
  if (isDone) return `though its code has ended${whatFor}`;
  return `its code ${begun === 0 ? "never began" : "had begun"}${whatFor}`;
}
