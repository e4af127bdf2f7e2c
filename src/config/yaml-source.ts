/** Turns YAML text into a tree of plain values that knows where each of them was written. */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLError,
  type YAMLMap,
} from "yaml";
import type { Fault, Place } from "./fault.ts";
import { isTree, type KeyPath, type Tree } from "./key-path.ts";

export interface YamlSource {
  readonly tree: Tree;
  /** Where a key or an item of a list begins; undefined if it is not there. */
  readonly placeOf: (path: KeyPath) => Place | undefined;
}

export type YamlReading =
  | { readonly kind: "read"; readonly source: YamlSource }
  | { readonly kind: "faulty"; readonly faults: readonly Fault[] };

export function readYaml(file: string, text: string): YamlReading {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: true,
    stringKeys: true,
    // Pretty errors quote the source, and with it perhaps a password.
    prettyErrors: false,
  });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
  const errors = tellingErrors(document);
  if (errors.length > 0) {
    const faults = errors.map((error) => ({
      file,
      ...placeAt(error.pos[0]),
      ...wordsOf(error, text),
    }));
    return { kind: "faulty", faults };
  }

  const faulty = (message: string, cure?: string): YamlReading => ({
    kind: "faulty",
    faults: [{ file, message, cure }],
  });
  let tree: unknown;
  try {
    tree = document.toJS({ maxAliasCount: 100 }) ?? {};
  } catch (error) {
    return faulty(`is not valid YAML: ${shorten(error instanceof Error ? error.message : "?")}`);
  }
  if (!isTree(tree)) {
    const kind = Array.isArray(tree) ? "a list" : "a single value";
    return faulty(`holds ${kind} at its top`, "write keys there, such as server: and pools:");
  }
  const placeOf = (path: KeyPath): Place | undefined => {
    const offset = offsetOf(document, path);
    return offset === undefined ? undefined : placeAt(offset);
  };
  return { kind: "read", source: { tree, placeOf } };
}

/** The first syntax error makes nonsense of the rest; repeated keys are each worth a word. */
function tellingErrors(document: Document): readonly YAMLError[] {
  const all = [...document.errors, ...document.warnings].toSorted((a, b) => a.pos[0] - b.pos[0]);
  const firstOther = all.find((error) => error.code !== "DUPLICATE_KEY");
  return all.filter((error) => error.code === "DUPLICATE_KEY" || error === firstOther);
}

function wordsOf(error: YAMLError, text: string): Pick<Fault, "key" | "message" | "cure"> {
  if (error.code === "DUPLICATE_KEY") {
    const [key] = /^[\w.-]+/.exec(text.slice(error.pos[0], error.pos[0] + 100)) ?? [];
    return { key, message: "stands here a second time", cure: "keep one of them" };
  }
  if (error.code === "MULTIPLE_DOCS") {
    return { message: "begins a second document", cure: "keep one of them" };
  }
  return { message: `is not valid YAML: ${shorten(error.message)}` };
}

/** yaml's own words, without the piece of the source that may follow them. */
function shorten(message: string): string {
  const [words = ""] = message.split(/: |\n/);
  return words.charAt(0).toLowerCase() + words.slice(1);
}

function offsetOf(document: Document, path: KeyPath): number | undefined {
  let node: unknown = document.contents;
  let offset: number | undefined;
  for (const step of path) {
    const here = resolve(document, node);
    if (isMap(here)) {
      const pair = findPair(document, here, String(step), 0);
      if (pair === undefined) return undefined;
      offset = startOf(pair.key);
      node = pair.value;
    } else if (isSeq(here) && typeof step === "number") {
      node = here.items[step];
      offset = startOf(node);
    } else {
      return undefined;
    }
  }
  return offset;
}

const resolve = (document: Document, node: unknown): unknown =>
  isAlias(node) ? node.resolve(document) : node;

/** A key of the map itself, else of what it merges in with `<<`. */
function findPair(document: Document, map: YAMLMap, key: string, depth: number): Pair | undefined {
  const own = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key);
  // A map may merge itself.
  if (own !== undefined || depth > 8) return own;
  for (const pair of map.items) {
    if (!isScalar(pair.key) || pair.key.source !== "<<") continue;
    const merged = resolve(document, pair.value);
    for (const source of isSeq(merged) ? merged.items : [merged]) {
      const from = resolve(document, source);
      const found = isMap(from) ? findPair(document, from, key, depth + 1) : undefined;
      if (found !== undefined) return found;
    }
  }
  return undefined;
}

const startOf = (node: unknown): number | undefined =>
  isNodeWithRange(node) ? node.range[0] : undefined;

const isNodeWithRange = (node: unknown): node is Node & { range: [number, number, number] } =>
  (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) && Array.isArray(node.range);
