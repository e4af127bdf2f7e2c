/** Where a value stands in the configuration, and reading and writing there. */

export type KeyPath = readonly (string | number)[];

/** `["pools", 1, "name"]` → `pools[1].name`. */
export function formatKey(path: KeyPath): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      return index === 0 ? step : `.${step}`;
    })
    .join("");
}

export type Tree = Record<string, unknown>;

export const isTree = (value: unknown): value is Tree =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Own properties only: `constructor` is not a key that anybody wrote. */
export function valueAt(value: unknown, path: KeyPath): unknown {
  let here = value;
  for (const step of path) {
    if (Array.isArray(here) && typeof step === "number") here = here[step];
    else if (isTree(here) && Object.hasOwn(here, step)) here = here[String(step)];
    else return undefined;
  }
  return here;
}

/** Leaves the tree alone where something else than a map is in the way: that is a fault already. */
export function setAt(tree: Tree, path: readonly string[], value: unknown): void {
  const [step, ...rest] = path;
  if (step === undefined) return;
  if (rest.length === 0) {
    tree[step] = value;
    return;
  }
  tree[step] ??= {};
  const next = tree[step];
  if (isTree(next)) setAt(next, rest, value);
}
