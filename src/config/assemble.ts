/** Puts the sources together in their order and checks the whole, so that all faults are named at once. */
import { dirname } from "node:path";
import { readConfigFile } from "./config-file.ts";
import { defaultStateDir, withComputedDefaults } from "./defaults.ts";
import { listEntries } from "./effective.ts";
import { parseEnvFile } from "./env-file.ts";
import type { Fault } from "./fault.ts";
import { faultsOf } from "./issues.ts";
import { isTree, type KeyPath, valueAt } from "./key-path.ts";
import type { Loaded, LoadOptions } from "./load.ts";
import type { Origin } from "./origin.ts";
import { absolutePaths } from "./paths.ts";
import { type PrefectEnv, readPrefectEnv } from "./prefect-env.ts";
import { absent, fileFaults } from "./referenced-files.ts";
import { relationFaults, relationWarnings } from "./relations.ts";
import { schema } from "./schema.ts";
import { mapKinds, scalarKeys, schemaAt, typeOf } from "./schema-walk.ts";
import { type Assignment, combine, type Sources } from "./sources.ts";
import { readText } from "./text-file.ts";
import { toConfig } from "./to-config.ts";
import { fromText, readVariables } from "./variables.ts";
import { readWebFile } from "./web-file.ts";

export async function assemble(options: LoadOptions): Promise<Loaded> {
  const variables = readVariables(options.env, scalarKeys(schema));
  const read = await readConfigFile(options);
  if (read.kind === "faulty") return { ...read, warnings: variables.warnings };

  const base = read.file === undefined ? options.cwd : dirname(read.file);
  const tree = mapKinds(schema, read.tree, absolutePaths(base, options.home));
  const written = { ...read, tree: isTree(tree) ? tree : {} };
  const stronger = variables.assignments.map((one) => typed(one, options.cwd, options.home));
  const prefectEnv = await prefectEnvOf(combine(written, stronger, []));
  const weaker = prefectEnv.assignments.map((one) =>
    typed(one, folderOf(one.origin), options.home),
  );
  const sources = combine(written, stronger, weaker);

  const webFile = await readWebFile(sources, options.home);
  const warnings = [
    ...webFile.warnings,
    ...variables.warnings,
    ...prefectEnv.warnings,
    ...relationWarnings(sources),
  ];
  const checked = schema.safeParse(sources.tree);
  const faults = [
    ...(checked.error?.issues ?? []).flatMap((issue) => faultsOf(schema, issue, sources)),
    ...relationFaults(sources),
    ...prefectEnv.faults,
    ...webFile.faults,
    ...(await fileFaults(sources, options.look)),
  ];
  if (!checked.success || faults.length > 0) {
    return { kind: "faulty", faults: faults.toSorted(byPlace(read.file)), warnings };
  }

  const stateDir = defaultStateDir(options);
  const settings = withComputedDefaults(checked.data, stateDir.path);
  const originOf = (path: KeyPath): Origin => {
    const origin = sources.originOf(path);
    return path[0] === "state_dir" && origin.kind === "default" ? stateDir.origin : origin;
  };
  const entries = listEntries(schema, settings, originOf);
  return {
    kind: "loaded",
    config: toConfig(settings, read.file, webFile.security),
    entries,
    origins: new Map(entries.map(({ key, origin }) => [key, origin])),
    warnings,
  };
}

/** An assignment with its text as the type of its key, and its path made absolute. */
function typed(assignment: Assignment, base: string, home: string): Assignment {
  const key = schemaAt(schema, assignment.path);
  if (key === undefined || typeof assignment.value !== "string") return assignment;
  const value = fromText(typeOf(key), assignment.value);
  return { ...assignment, value: mapKinds(key, value, absolutePaths(base, home)) };
}

const folderOf = (origin: Origin): string =>
  origin.kind === "env-file" ? dirname(origin.file) : "/";

const nothing: PrefectEnv = { assignments: [], faults: [], warnings: [] };

/** @param sources those that say where the file is: all but itself */
async function prefectEnvOf(sources: Sources): Promise<PrefectEnv> {
  const key = ["prefect", "env_file"];
  const file = valueAt(sources.tree, key);
  if (typeof file !== "string" || !file.startsWith("/") || file.includes("\0")) return nothing;
  const read = await readText(file);
  if (read.kind !== "text") {
    const complaint =
      read.kind === "absent"
        ? absent(file)
        : { message: `${file} ${read.message}`, cure: read.cure };
    return { ...nothing, faults: [{ ...sources.locate(key), ...complaint }] };
  }
  const parsed = parseEnvFile(read.text);
  const enabled = valueAt(sources.tree, ["server", "enabled"]) !== false;
  const meaning = readPrefectEnv(file, parsed.entries, enabled);
  return {
    assignments: meaning.assignments,
    faults: [...parsed.faults.map((fault) => ({ file, ...fault })), ...meaning.faults],
    warnings: [...parsed.warnings.map((fault) => ({ file, ...fault })), ...meaning.warnings],
  };
}

/** Those of the configuration file first, then the others, each from top to bottom. */
const byPlace =
  (main: string | undefined) =>
  (one: Fault, other: Fault): number => {
    const rank = (fault: Fault): number => (fault.file === main ? 0 : 1);
    return (
      rank(one) - rank(other) ||
      (one.file ?? "").localeCompare(other.file ?? "") ||
      (one.line ?? 0) - (other.line ?? 0) ||
      (one.column ?? 0) - (other.column ?? 0)
    );
  };
