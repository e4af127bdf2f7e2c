/**
 * Every family that the supervisor exposes, as data. What is created, pre-set to 0, removed and
 * documented follows from it, and a label or value that it does not name does not compile.
 */
import { checkFamilies } from "./check-families.ts";
import { daemonFamilies } from "./daemon-families.ts";
import { environmentFamilies } from "./environment-families.ts";
import type { Families, Values } from "./family.ts";
import { jobFamilies } from "./job-families.ts";
import { prefectFamilies } from "./prefect-families.ts";
import { reconcileFamilies } from "./reconcile-families.ts";
import { runFamilies } from "./run-families.ts";
import { unitFamilies } from "./unit-families.ts";
import { volumeFamilies } from "./volume-families.ts";

export const catalogue = {
  ...daemonFamilies,
  ...unitFamilies,
  ...runFamilies,
  ...checkFamilies,
  ...jobFamilies,
  ...reconcileFamilies,
  ...environmentFamilies,
  ...volumeFamilies,
  ...prefectFamilies,
} as const satisfies Families;

type Catalogue = typeof catalogue;

type Name = keyof Catalogue;

type NameWhere<Shape> = {
  [N in Name]: Catalogue[N] extends Shape ? N : never;
}[Name];

export type CounterName = NameWhere<{ readonly type: "counter" }>;
export type HistogramName = NameWhere<{ readonly type: "histogram" }>;
export type StateSetName = NameWhere<{ readonly oneOf: string }>;
export type GaugeName = Exclude<NameWhere<{ readonly type: "gauge" }>, StateSetName>;

type ValueOf<V extends Values> = V extends readonly (infer One extends string)[] ? One : string;

type LabelsIn<L extends Readonly<Record<string, Values>>> = {
  readonly [K in keyof L]: ValueOf<L[K]>;
};

/** The labels that each series of the family has. */
export type Labels<N extends Name> = LabelsIn<Catalogue[N]["labels"]>;

/** The states of a state set. */
export type StateOf<N extends StateSetName> = Catalogue[N] extends {
  readonly oneOf: infer Label extends string;
  readonly labels: Readonly<Record<string, Values>>;
}
  ? Catalogue[N]["labels"] extends Readonly<Record<Label, infer V extends Values>>
    ? ValueOf<V>
    : never
  : never;

/** The labels of a state set beside the one that tells its states apart. */
export type SubjectOf<N extends StateSetName> = Catalogue[N] extends {
  readonly oneOf: infer Label extends string;
}
  ? Omit<Labels<N>, Label>
  : never;
