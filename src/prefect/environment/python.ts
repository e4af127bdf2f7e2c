/** Which interpreter is taken, and what is said where there is none. */
import type { PythonRequest } from "./declaration.ts";
import type { Interpreter } from "./ports.ts";

/** Whether a version lies in a range such as `>=3.11,<3.15` or `==3.12.*`. Unknown forms let everything pass. */
export function satisfies(version: string, range: string): boolean {
  return range
    .split(",")
    .map((part) => /^\s*(~=|==|!=|<=|>=|<|>)\s*([\d.]+)(\.\*)?\s*$/.exec(part))
    .every((part) => {
      if (part === null) return true;
      const [, operator = "", bound = "", wildcard] = part;
      return holds(operator, numbers(version), numbers(bound), wildcard !== undefined);
    });
}

const numbers = (version: string): readonly number[] =>
  (/^\d+(\.\d+)*/.exec(version)?.[0] ?? "").split(".").map(Number);

function holds(
  operator: string,
  version: readonly number[],
  bound: readonly number[],
  isPrefix: boolean,
): boolean {
  const isBelow = (length: number) => compare(version.slice(0, length), bound.slice(0, length));
  const order = compare(version, bound);
  switch (operator) {
    case "==":
      return isPrefix ? isBelow(bound.length) === 0 : order === 0;
    case "!=":
      return isPrefix ? isBelow(bound.length) !== 0 : order !== 0;
    case "~=":
      return order >= 0 && isBelow(bound.length - 1) === 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    default:
      return order >= 0;
  }
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let i = 0; i < Math.max(one.length, other.length); i += 1) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Why there is none to build with. */
export function withoutPython(
  { wanted, from }: PythonRequest,
  installed: readonly Interpreter[],
): { readonly why: string; readonly cure: string } {
  const source =
    from === "anything"
      ? ""
      : `, which ${from === "environment.python" ? from : `the project's ${from}`} asks for`;
  const here = [...new Set(installed.map(({ version }) => version))];
  const found = here.length === 0 ? "none at all" : here.join(", ");
  const name = from === "anything" ? "No Python" : `Python ${wanted}`;
  return {
    why: `${name} is not installed${source}; installed: ${found}`,
    cure: `Install it (on Ubuntu \`sudo apt install python3\`, or \`uv python install ${first(wanted)}\`), or set environment.python to one that is there`,
  };
}

/** A range names no version to install: its lower end does. */
const first = (wanted: string): string => /\d+(\.\d+)*/.exec(wanted)?.[0] ?? "3.12";

/** Why the Python that was asked for cannot be the project's; undefined if it can. */
export function contradiction(
  { wanted, from }: PythonRequest,
  { version }: Interpreter,
  required: string | undefined,
): { readonly why: string; readonly cure: string } | undefined {
  if (required === undefined || satisfies(version, required)) return undefined;
  return {
    why: `${from} is ${wanted}, which is Python ${version}, and pyproject.toml requires ${required}`,
    cure: `Change ${from}, or requires-python in pyproject.toml`,
  };
}
