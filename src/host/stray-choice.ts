/** Which processes a flow run left running, by what /proc said of all of them: no effects. */
import type { RunRecord } from "../prefect/ports.ts";
import type { ProcessIdentity, ProcessStat } from "./processes.ts";

export interface Candidate
  extends Pick<ProcessStat, "pid" | "startTime" | "parent" | "session" | "state"> {
  /** Whether the id of the flow run is in its environment. */
  readonly bearsId: boolean;
  readonly isInCgroup: boolean;
}

export interface StrayRules {
  readonly run: Pick<RunRecord, "pid" | "startTime">;
  /** Other processes of the same flow run that live. */
  readonly others: readonly Pick<RunRecord, "pid" | "startTime">[];
  /** When the run ended, in ticks since the boot. */
  readonly endedAt: number;
  /** Strays that were found before, by `keyOf`: what they have started since is stray too. */
  readonly known: ReadonlySet<string>;
}

export const keyOf = ({ pid, startTime }: ProcessIdentity): string => `${pid} ${startTime}`;

/**
 * Its id and its session prove nothing for a process that began after the run had ended: the run may
 * have been begun again, and the number of the session given away. But a session keeps its number
 * while it has members, so if one of them is stray, all are; and so are the children of a stray.
 */
export function chooseStrays(all: readonly Candidate[], rules: StrayRules): readonly Candidate[] {
  const { run, known } = rules;
  const mine = all.filter((one) => !isOutside(one, rules));
  const latest = Math.min(rules.endedAt, ...rules.others.map(({ startTime }) => startTime - 1));
  const isOld = ({ startTime }: Candidate): boolean => startTime <= latest;
  const isSession = mine.some((one) => one.session === run.pid && isOld(one));
  const strays = new Set(
    mine.filter(
      (one) =>
        one.isInCgroup ||
        known.has(keyOf(one)) ||
        (one.bearsId && isOld(one)) ||
        (isSession && one.session === run.pid),
    ),
  );
  for (let before = -1; before < strays.size; ) {
    before = strays.size;
    const parents = new Set([...strays].map(({ pid }) => pid));
    for (const one of mine) if (parents.has(one.parent)) strays.add(one);
  }
  return [...strays];
}

function isOutside(one: Candidate, { run, others }: StrayRules): boolean {
  const isDead = one.state === "Z" || one.state === "X";
  const isRun = keyOf(one) === keyOf(run);
  const isOthers = others.some((other) => keyOf(one) === keyOf(other) || one.session === other.pid);
  return isDead || isRun || isOthers || one.pid === process.pid || one.pid === 1;
}
