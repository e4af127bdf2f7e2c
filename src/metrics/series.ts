/** Which series a family has, once the values that come from outside are given. */
import { catalogue } from "./catalogue.ts";
import type { Family } from "./family.ts";

export type AnyLabels = Readonly<Record<string, string>>;

export interface Series {
  readonly name: string;
  readonly labels: AnyLabels;
}

export const families: readonly (readonly [name: string, family: Family])[] =
  Object.entries(catalogue);

/** All series of those families whose labels from outside are exactly the given ones. */
export function seriesOf(given: AnyLabels): readonly Series[] {
  return templatesFor(Object.keys(given)).map(({ name, labels }) => ({
    name,
    labels: { ...given, ...labels },
  }));
}

const known = new Map<string, readonly Series[]>();

/** The catalogue stays as it is, so what fits is looked for once. */
function templatesFor(open: readonly string[]): readonly Series[] {
  const key = open.join();
  const templates = known.get(key) ?? findTemplates(open);
  known.set(key, templates);
  return templates;
}

function findTemplates(given: readonly string[]): readonly Series[] {
  return families.flatMap(([name, { labels }]) => {
    const open = Object.keys(labels).filter((label) => labels[label] === "any");
    const fits = open.length === given.length && open.every((label) => given.includes(label));
    return fits ? combinations(labels).map((closed) => ({ name, labels: closed })) : [];
  });
}

/** One set of labels for each combination of the values that are known in advance. */
function combinations(labels: Family["labels"]): readonly AnyLabels[] {
  let sets: readonly AnyLabels[] = [{}];
  for (const [label, values] of Object.entries(labels)) {
    if (values === "any") continue;
    sets = sets.flatMap((set) => values.map((value) => ({ ...set, [label]: value })));
  }
  return sets;
}
