/** What the doctor has found: the shape of `doctor --json`, versioned as the status is. */

/** `fault`: it does not work. `warning`: it will not. `note`: it could be better. */
export type Severity = "fault" | "warning" | "note";

export interface Finding {
  /** Stable, for machines: the examination, and what it is about: `pools-without-worker:gpu`. */
  readonly id: string;
  readonly severity: Severity;
  readonly what: string;
  /** Why it matters. */
  readonly why: string;
  /** The command that cures it, or what else does. */
  readonly cure: string;
}

export interface Examined {
  readonly examination: string;
  /** `silent`: it had no answer in its time, which is a finding too. */
  readonly result: "done" | "silent";
  readonly findings: readonly Finding[];
}

export interface DoctorReport {
  readonly version: 1;
  /** The gravest first. */
  readonly findings: readonly Finding[];
  readonly examined: readonly Pick<Examined, "examination" | "result">[];
}

const order: readonly Severity[] = ["fault", "warning", "note"];

export function reportOf(examined: readonly Examined[]): DoctorReport {
  const findings = examined.flatMap((each) => each.findings);
  return {
    version: 1,
    findings: findings.toSorted(
      (one, other) => order.indexOf(one.severity) - order.indexOf(other.severity),
    ),
    examined: examined.map(({ examination, result }) => ({ examination, result })),
  };
}
