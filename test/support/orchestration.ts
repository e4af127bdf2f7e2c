/** What Prefect makes of a change of a run's state: measured, and what the scripted one does too. */
import type { StateType } from "../../src/prefect/api/flow-runs.ts";

export interface Transition {
  /** The states that the run has been through, each of which was taken. */
  readonly through: readonly StateType[];
  readonly to: StateType;
  readonly name?: string;
  readonly said: "accepted" | RegExp;
  /** What it is afterwards. */
  readonly then: StateType;
  /** Whether it holds a slot of its pool before and afterwards. */
  readonly holdsSlot: readonly [boolean, boolean];
}

const running = ["PENDING", "RUNNING"] as const;

export const transitions: readonly Transition[] = [
  {
    through: ["PENDING"],
    to: "SCHEDULED",
    name: "AwaitingRetry",
    said: "accepted",
    then: "SCHEDULED",
    holdsSlot: [true, false],
  },
  {
    through: ["PENDING"],
    to: "CRASHED",
    said: "accepted",
    then: "CRASHED",
    holdsSlot: [true, false],
  },
  {
    through: ["PENDING", "CRASHED"],
    to: "SCHEDULED",
    name: "AwaitingRetry",
    said: "accepted",
    then: "SCHEDULED",
    holdsSlot: [false, false],
  },
  { through: running, to: "CRASHED", said: "accepted", then: "CRASHED", holdsSlot: [true, false] },
  {
    through: [...running, "CRASHED"],
    to: "SCHEDULED",
    name: "AwaitingRetry",
    said: "accepted",
    then: "SCHEDULED",
    holdsSlot: [false, false],
  },
  {
    through: [...running, "CRASHED"],
    to: "CRASHED",
    said: /^ABORT: Run is already in terminal state CRASHED/,
    then: "CRASHED",
    holdsSlot: [false, false],
  },
  {
    through: [...running, "COMPLETED"],
    to: "CRASHED",
    said: /^ABORT: Run is already in terminal state COMPLETED/,
    then: "COMPLETED",
    holdsSlot: [false, false],
  },
  {
    through: [...running, "CANCELLING"],
    to: "CANCELLED",
    said: "accepted",
    then: "CANCELLED",
    holdsSlot: [false, false],
  },
  {
    through: [...running, "CANCELLING"],
    to: "CRASHED",
    said: /^REJECT: Cannot transition flows that are cancelling/,
    then: "CANCELLING",
    holdsSlot: [false, false],
  },
  {
    through: [...running, "CRASHED"],
    to: "CANCELLED",
    said: "accepted",
    then: "CANCELLED",
    holdsSlot: [false, false],
  },
  // Why the state is read again before each change: nothing protects what is final from these.
  {
    through: [...running, "COMPLETED"],
    to: "CANCELLED",
    said: "accepted",
    then: "CANCELLED",
    holdsSlot: [false, false],
  },
  {
    through: [...running, "COMPLETED"],
    to: "SCHEDULED",
    name: "AwaitingRetry",
    said: "accepted",
    then: "SCHEDULED",
    holdsSlot: [false, false],
  },
  {
    through: ["PENDING", "CANCELLING"],
    to: "CANCELLED",
    said: "accepted",
    then: "CANCELLED",
    holdsSlot: [false, false],
  },
  {
    through: [],
    to: "CANCELLING",
    said: /^REJECT: Scheduled flow run has no infrastructure to terminate/,
    then: "CANCELLED",
    holdsSlot: [false, false],
  },
];

export const titleOf = ({ through, to }: Transition): string =>
  `${through.at(-1) ?? "SCHEDULED"} → ${to}`;
