/** The tables of a chaos run, and whether it is as it should be. */
import { median } from "../bench/statistics.ts";
import { type Cell, table } from "../bench/table.ts";
import type { Count } from "./account.ts";
import type { Outcome } from "./run.ts";

/** Each a sentence; none: everything that was promised has been kept. */
export function faultsOf({ account, slotsLeaked, processesLeft }: Outcome): readonly string[] {
  const found = [...account.faults];
  if (slotsLeaked > 0) found.push(`${slotsLeaked} slots are held by runs that are no more`);
  if (processesLeft.length > 0) {
    found.push(`after the stop these processes were left: ${processesLeft.join(", ")}`);
  }
  return found;
}

export function render(outcome: Outcome): string {
  const { plan, kills, account, alive, settledAfterMs, slotsLeaked, processesLeft } = outcome;
  const { minutes, seed, killEveryMs, flows } = plan;
  const rows: readonly (readonly [string, Cell])[] = [
    ["supervisor killed", kills.supervisor],
    ["workers killed", kills.worker],
    ["server killed", kills.server],
    ["runs alive at once, median", alive.length === 0 ? undefined : median(alive)],
    ["runs alive at once, most", Math.max(0, ...alive)],
    ["runs made", account.made],
    ["Completed", account.completed],
    ["Crashed", withPurpose(account.crashed)],
    ["Failed", withPurpose(account.failed)],
    ["Cancelled", withPurpose(account.cancelled)],
    ["stuck for ever", account.stuck],
    ["never started", account.neverStarted],
    ["executed twice", account.executedTwice],
    ["put back before their code began", account.putBack],
    ["slots leaked", slotsLeaked],
    ["processes left", processesLeft.length],
    ["s from the last kill until all was settled", Math.round(settledAfterMs / 1_000)],
  ];
  const found = faultsOf(outcome);
  return [
    `## ${outcome.caption}`,
    `${minutes} minutes, a kill every ${killEveryMs / 1_000} s, ${flows} flows at a time, seed ${seed}.`,
    table(["what", "count"], rows),
    found.length === 0
      ? "No run was lost, none lies, none was executed twice."
      : `**${found.length} faults**:\n\n${found.map((each) => `- ${each}`).join("\n")}`,
    "",
  ].join("\n\n");
}

const withPurpose = ({ all, onPurpose }: Count): string =>
  onPurpose === 0 ? String(all) : `${all}, ${onPurpose} of them on purpose`;
