/** All of a status in one sentence, and what is wrong in the order in which a person should look. */
import type { Status, UnitStatus } from "./status.ts";

export type Tone = "good" | "bad" | "wait";

export interface Verdict {
  /** Without a full stop: `not ready: worker@vm-runs is in backoff`. */
  readonly words: string;
  /** Where there is one cause: `exited with status 1`. */
  readonly why: string | undefined;
  readonly tone: Tone;
}

/** Something that keeps the installation from being well. */
export interface Concern {
  /** The unit; null where the sentence names its subject itself. */
  readonly unit: string | null;
  /** Of a unit, what it is: `in backoff: exited with status 1`. */
  readonly what: string;
  /** What comes next by itself, or what the reader can do. */
  readonly next: string | null;
  readonly tone: Exclude<Tone, "good">;
}

export function verdictOf(status: Status): Verdict {
  const { ready, supervisor, units, problems } = status;
  const verdict = (tone: Tone, words: string, why?: string): Verdict => ({ words, why, tone });
  if (supervisor.phase !== "running") return verdict("wait", supervisor.phase);
  const unready = units.filter(isUnready);
  if (unready.length > 0) return unreadyVerdict(unready);
  if (!ready) return verdict("bad", "not ready");
  const [first, ...others] = problems;
  if (first === undefined) return verdict("good", `ready: ${counted(units.length, "unit")}`);
  const why = others.length === 0 ? first.what : undefined;
  return verdict("wait", `ready, with ${counted(problems.length, "problem")}`, why);
}

/** Units first: while one of them is not ready, much else follows from that. */
export function concernsOf({ units, problems }: Status): readonly Concern[] {
  return [
    ...causesFirst(units.filter(isUnready)).map((unit): Concern => {
      const { name, reason, next, state } = unit;
      const tone = state === "backoff" || state === "running" ? "bad" : "wait";
      return { unit: name, what: `${stateWords[state]}: ${reason}`, next, tone };
    }),
    ...problems.map(({ what, cure }): Concern => ({ unit: null, what, next: cure, tone: "wait" })),
  ];
}

export const isUnready = ({ desired, ready }: UnitStatus): boolean => desired === "up" && !ready;

/** What only waits for another comes after it. */
const waitsForOthers = ({ reasonCode }: UnitStatus): boolean => reasonCode === "dependency";

const causesFirst = (units: readonly UnitStatus[]): readonly UnitStatus[] => [
  ...units.filter((unit) => !waitsForOthers(unit)),
  ...units.filter(waitsForOthers),
];

/** So many have their name in the sentence. */
const named = 2;

function unreadyVerdict(units: readonly UnitStatus[]): Verdict {
  const causes = units.filter((unit) => !waitsForOthers(unit));
  const told = causes.length === 0 ? units : causes;
  const words = told.slice(0, named).map(({ name, state }) => `${name} is ${stateWords[state]}`);
  const more = told.length - words.length;
  const waiting = units.length - told.length;
  const parts = [
    ...words,
    ...(more === 0 ? [] : [`${counted(more, "other")} ${more === 1 ? "is" : "are"} not ready`]),
    ...(waiting === 0 ? [] : [`${counted(waiting, "other")} ${waiting === 1 ? "waits" : "wait"}`]),
  ];
  const [first, ...others] = told;
  const why = others.length === 0 ? first?.reason : undefined;
  return { words: `not ready: ${parts.join("; ")}`, why, tone: "bad" };
}

const stateWords = {
  stopped: "stopped",
  waiting: "waiting",
  starting: "starting",
  running: "not ready",
  draining: "draining",
  stopping: "being stopped",
  backoff: "in backoff",
} as const satisfies Record<UnitStatus["state"], string>;

/** Of a pool. */
export const lateWords = (late: number): string =>
  `${counted(late, "flow run")} ${late === 1 ? "is" : "are"} late: nothing has begun ${late === 1 ? "it" : "them"} yet`;

const counted = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;
