/** What the sources say together: one tree, and for each of its values where it came from. */
import type { Fault } from "./fault.ts";
import { formatKey, type KeyPath, setAt, type Tree, valueAt } from "./key-path.ts";
import type { Origin } from "./origin.ts";
import type { YamlSource } from "./yaml-source.ts";

/** A value from elsewhere than the file. */
export interface Assignment {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly origin: Origin;
}

export interface Sources {
  readonly tree: Tree;
  readonly originOf: (path: KeyPath) => Origin;
  /** Says where the value under the path was written, and by which name it goes there. */
  readonly locate: (path: KeyPath) => Pick<Fault, "file" | "line" | "column" | "key">;
}

interface Written {
  readonly file: string | undefined;
  /** The file's tree, with absolute paths. */
  readonly tree: Tree;
  readonly placeOf: YamlSource["placeOf"];
}

/** @param stronger beat the file, as they beat each other: the last one wins; the file beats `weaker` */
export function combine(
  written: Written,
  stronger: readonly Assignment[],
  weaker: readonly Assignment[],
): Sources {
  const tree = structuredClone(written.tree);
  const origins = new Map<string, Origin>();
  const missing = weaker.filter(({ path }) => valueAt(written.tree, path) === undefined);
  for (const { path, value, origin } of [...missing, ...stronger]) {
    setAt(tree, path, value);
    origins.set(formatKey(path), origin);
  }

  const originOf = (path: KeyPath): Origin => {
    const elsewhere = origins.get(formatKey(path));
    if (elsewhere !== undefined) return elsewhere;
    const place =
      valueAt(written.tree, path) === undefined ? undefined : nearestPlace(written.placeOf, path);
    if (place === undefined || written.file === undefined) return { kind: "default" };
    return { kind: "file", file: written.file, line: place.line };
  };

  const locate: Sources["locate"] = (path) => {
    const key = formatKey(path);
    const origin = origins.get(key);
    if (origin?.kind === "variable") return { key: `${origin.name} (${key})` };
    if (origin?.kind === "env-file") {
      return { file: origin.file, line: origin.line, key: `${origin.name} (${key})` };
    }
    return { file: written.file, ...nearestPlace(written.placeOf, path), key };
  };
  return { tree, originOf, locate };
}

/** What is missing, or meant by a word that stands for more, has no place: then that of what holds it. */
function nearestPlace(placeOf: YamlSource["placeOf"], path: KeyPath): ReturnType<typeof placeOf> {
  for (let length = path.length; length > 0; length -= 1) {
    const place = placeOf(path.slice(0, length));
    if (place !== undefined) return place;
  }
  return undefined;
}
