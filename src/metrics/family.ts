/** The form in which the catalogue states a family of series. */

/** `any`: the values come from outside, and who gives them keeps them few. A list: these and no others. */
export type Values = "any" | readonly [string, ...string[]];

interface Described {
  readonly labels: Readonly<Record<string, Values>>;
  /** Part of what is exposed. */
  readonly help: string;
  /** How it is measured, and what its reader must know of that; for the reference. */
  readonly how: string;
}

interface CounterFamily extends Described {
  readonly type: "counter";
}

interface GaugeFamily extends Described {
  readonly type: "gauge";
  /** For a state set, the label that tells the states apart: of its series exactly one is 1. */
  readonly oneOf?: string;
}

interface HistogramFamily extends Described {
  readonly type: "histogram";
  readonly buckets: readonly [number, ...number[]];
}

export type Family = CounterFamily | GaugeFamily | HistogramFamily;

export type Families = Readonly<Record<`sails_${string}`, Family>>;
