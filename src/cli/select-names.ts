/** Which units or pools are meant: by name, by a pattern with `*` and `?`, or `all`. */
import { nearest } from "../config/nearest.ts";

export type Selection =
  | { readonly kind: "selected"; readonly names: readonly string[] }
  | { readonly kind: "unknown"; readonly name: string; readonly nearest: string | undefined };

/** In the order of `known`, each once. No pattern at all is none. */
export function selectNames(patterns: readonly string[], known: readonly string[]): Selection {
  const selected = new Set<string>();
  for (const pattern of patterns) {
    const isMeant = matcher(pattern);
    const names = known.filter(isMeant);
    // `all` of nothing is nothing; a name that nothing has is a mistake.
    if (names.length === 0 && pattern !== "all")
      return { kind: "unknown", name: pattern, nearest: nearest(pattern, known) };
    for (const name of names) selected.add(name);
  }
  return { kind: "selected", names: known.filter((name) => selected.has(name)) };
}

function matcher(pattern: string): (name: string) => boolean {
  if (pattern === "all") return () => true;
  const source = RegExp.escape(pattern).replaceAll("\\*", ".*").replaceAll("\\?", ".");
  const expression = new RegExp(`^${source}$`, "su");
  return (name) => expression.test(name);
}
