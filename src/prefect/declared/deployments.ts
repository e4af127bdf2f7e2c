/**
 * The deployments of `prefect.yaml` files against those that the server has. One that is as it was
 * made is left alone: `prefect deploy` would replace its schedules and lift its pause.
 */
import type { DeploymentsConfig } from "../../config/config.ts";
import type { Deployment } from "../api/declared.ts";
import type { DeploymentSource } from "./declared-files.ts";
import { fingerprint, ordered } from "./ledger.ts";
import type { DeploymentRecord } from "./ledger-file.ts";
import type { DeclaredDeployment } from "./prefect-yaml.ts";
import type { Difficulty, FieldChange, Left, PartPlan, Planned } from "./steps.ts";

export type DeploymentOrder =
  | {
      readonly kind: "deploy";
      readonly entry: DeploymentSource;
      /** What it replaces; undefined if it is new. */
      readonly actual: Deployment | undefined;
    }
  | { readonly kind: "delete"; readonly id: string };

export interface DeploymentPlan extends PartPlan<DeploymentOrder> {
  /** On the server as declared, though nobody has noted that yet. */
  readonly adopted: readonly { readonly entry: DeploymentSource; readonly actual: Deployment }[];
}

export interface DeploymentSources {
  readonly declared: readonly DeploymentSource[];
  readonly files: readonly DeploymentsConfig[];
  readonly unreadable: ReadonlySet<string>;
  readonly actual: readonly Deployment[];
  /** Names of the pools that are declared or on the server. */
  readonly pools: ReadonlySet<string>;
  readonly records: Readonly<Record<string, DeploymentRecord>>;
  /** What lacks a record may have had one: what differs of it may be somebody's doing. */
  readonly isInDoubt: boolean;
}

export function planDeployments(sources: DeploymentSources): DeploymentPlan {
  const { declared, actual, records, pools, isInDoubt } = sources;
  const planned: Planned<DeploymentOrder>[] = [];
  const left: Left[] = [];
  const difficulties: Difficulty[] = [];
  const adopted: { entry: DeploymentSource; actual: Deployment }[] = [];
  const found = matches(declared, actual, records);
  for (const entry of declared) {
    const made = found.get(entry);
    if (!hasPool(entry, pools)) difficulties.push(withoutPool(entry));
    else if (made === undefined) planned.push(creation(entry));
    else {
      const record = records[made.id];
      const change = changeOf({ entry, actual: made }, record, isInDoubt);
      if (change !== undefined) planned.push(change);
      else if (record === undefined) adopted.push({ entry, actual: made });
    }
    if (made !== undefined) left.push(...pauseOf(entry, made, records[made.id]));
  }
  const known = new Set([...found.values()].map(({ id }) => id));
  for (const each of actual) {
    if (known.has(each.id)) continue;
    const other = undeclared(each, sources);
    if ("step" in other) planned.push(other);
    else left.push(other);
  }
  return { planned, left, difficulties, adopted, claims: [] };
}

/** What stands for which entry: by our own note of it, by its entrypoint, or by the names of both. */
function matches(
  declared: readonly DeploymentSource[],
  actual: readonly Deployment[],
  records: Readonly<Record<string, DeploymentRecord>>,
): ReadonlyMap<DeploymentSource, Deployment> {
  const keyOf = (file: string, selector: string): string => `${file}\n${selector}`;
  const recorded = new Map(
    actual.flatMap((each) => {
      const record = records[each.id];
      return record === undefined ? [] : [[keyOf(record.file, record.selector), each] as const];
    }),
  );
  const byName = Map.groupBy(actual, ({ name }) => name);
  return new Map(
    declared.flatMap((entry) => {
      const named = isTemplate(entry.name) ? actual : (byName.get(entry.name) ?? []);
      const made =
        recorded.get(keyOf(entry.file, entry.selector)) ??
        named.find((each) => isMade(entry, each)) ??
        named.find(({ flowName, name }) => name === entry.name && flowName === flowOf(entry));
      return made === undefined ? [] : [[entry, made] as const];
    }),
  );
}

/** Of one that has just been made. */
export const findMade = (
  entry: DeploymentSource,
  actual: readonly Deployment[],
): Deployment | undefined => matches([entry], actual, {}).get(entry);

/** Prefect names a flow by its function, unless the code says otherwise. */
export const flowOf = ({ entrypoint }: DeclaredDeployment): string | undefined =>
  entrypoint?.split(":")[1]?.replaceAll("_", "-");

const hasPool = ({ poolName }: DeclaredDeployment, pools: ReadonlySet<string>): boolean =>
  poolName === undefined || isTemplate(poolName) || pools.has(poolName);

const isMade = (entry: DeclaredDeployment, made: Deployment): boolean =>
  fits(entry.name, made.name) &&
  (entry.entrypoint === undefined || fits(entry.entrypoint, made.entrypoint ?? ""));

/** `{{ … }}` is filled in by Prefect: what will stand there is not known here. */
const template = /\{\{.*?\}\}/;

const isTemplate = (value: string): boolean => template.test(value);

function fits(declared: string, actual: string): boolean {
  if (declared === actual) return true;
  if (!isTemplate(declared)) return false;
  const pattern = declared
    .split(template)
    .map((part) => RegExp.escape(part))
    .join(".*");
  return new RegExp(`^${pattern}$`, "s").test(actual);
}

const withoutPool = ({ name, poolName, file }: DeclaredDeployment): Difficulty => ({
  id: `deployment ${name}`,
  what: `deployment ${name} (${file}) names the pool ${poolName}, which is neither declared nor on the server: nothing would run it`,
  cure: `Add ${poolName} to pools: in the configuration, or name another pool in the file`,
});

const creation = (entry: DeploymentSource): Planned<DeploymentOrder> => ({
  step: {
    kind: "deployment",
    name: entry.selector,
    action: "create",
    fields: [
      ...(entry.entrypoint === undefined
        ? []
        : [{ field: "entrypoint", from: undefined, to: entry.entrypoint }]),
      ...(entry.poolName === undefined
        ? []
        : [{ field: "work_pool", from: undefined, to: entry.poolName }]),
    ],
    why: undefined,
    isDrift: false,
  },
  order: { kind: "deploy", entry, actual: undefined },
  claims: [],
});

function changeOf(
  { entry, actual }: { readonly entry: DeploymentSource; readonly actual: Deployment },
  record: DeploymentRecord | undefined,
  isInDoubt: boolean,
): Planned<DeploymentOrder> | undefined {
  const parts = record === undefined ? [] : changedParts(entry, record);
  const drifted = record === undefined || parts.length > 0 ? [] : driftOf(actual, record);
  const fields = record === undefined ? plainDifferences(entry, actual) : drifted;
  if (parts.length === 0 && fields.length === 0) return undefined;
  const changed = parts.length > 0 ? `${parts.join(" and ")} changed` : undefined;
  const why = record === undefined ? "not as the file has it" : changed;
  return {
    step: {
      kind: "deployment",
      name: `${actual.flowName}/${actual.name}`,
      action: "change",
      fields,
      why,
      isDrift: record === undefined ? isInDoubt : parts.length === 0,
    },
    order: { kind: "deploy", entry, actual },
    claims: [],
  };
}

function changedParts(entry: DeploymentSource, record: DeploymentRecord): readonly string[] {
  return [
    ...(entry.fingerprint === record.entry ? [] : ["its entry"]),
    ...(entry.code === record.code ? [] : ["its code"]),
    ...(entry.lock === record.lock ? [] : ["the lock"]),
  ];
}

/** What a person changed since `prefect deploy`. */
const driftOf = ({ settings }: Deployment, { made }: DeploymentRecord): readonly FieldChange[] =>
  Object.entries(settings).flatMap(([field, from]) => {
    const to = made[field];
    if (to === undefined || to === noted(field, from)) return [];
    return [{ field, from: isSealed(field) ? "other values" : from, to: plainly(to) }];
  });

/** People keep tokens in them, and a plan is shown, logged and served. */
const isSealed = (field: string): boolean => field === "job_variables";

/** Long ones by their fingerprint: they are compared, and hardly read. */
export const noted = (field: string, value: unknown): string => {
  const text = ordered(value ?? null);
  return isSealed(field) || text.length > 200 ? `#${fingerprint(value)}` : text;
};

const plainly = (text: string): unknown =>
  text.startsWith("#") ? "as it was deployed" : (JSON.parse(text) as unknown);

/** Of one that nobody has noted, what can be told without Prefect's own reading of the file. */
function plainDifferences(entry: DeploymentSource, actual: Deployment): readonly FieldChange[] {
  const { entrypoint, poolName, description, tags } = entry;
  const pairs = [
    ["entrypoint", entrypoint, actual.entrypoint ?? ""],
    ["work_pool", poolName, actual.poolName ?? ""],
    ["description", description?.trim(), textOf(actual.settings["description"]).trim()],
    ["tags", tags?.toSorted().join(", "), sortedTags(actual)],
  ] as const;
  return pairs.flatMap(([field, to, from]) =>
    to === undefined || fits(to, from) ? [] : [{ field, from, to }],
  );
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

function sortedTags({ settings }: Deployment): string {
  const tags: unknown = settings["tags"];
  return Array.isArray(tags) ? tags.map(String).toSorted().join(", ") : "";
}

function pauseOf(
  entry: DeploymentSource,
  { paused, flowName, name }: Deployment,
  record: DeploymentRecord | undefined,
): readonly Left[] {
  if (paused === (record?.paused ?? entry.paused)) return [];
  const why = paused ? "an operator has paused it" : "an operator has set it going";
  return [{ kind: "deployment", name: `${flowName}/${name}`, reason: "operator", why }];
}

function undeclared(
  each: Deployment,
  { records, files, unreadable }: DeploymentSources,
): Left | Planned<DeploymentOrder> {
  const name = `${each.flowName}/${each.name}`;
  const record = records[each.id];
  const source = files.find(({ prefectYaml }) => prefectYaml === record?.file);
  if (record === undefined || source === undefined || unreadable.has(record.file)) {
    const why =
      record !== undefined && unreadable.has(record.file)
        ? `of ${record.file}, which cannot be read`
        : "in none of the files under deployments:";
    return { kind: "deployment", name, reason: "not-declared", why };
  }
  const gone = `no longer in ${record.file}`;
  if (!source.prune || !record.isOurs) {
    const advice = record.isOurs ? "; prune: true would delete it" : "; it was not made by us";
    return { kind: "deployment", name, reason: "not-declared", why: `${gone}${advice}` };
  }
  return {
    step: { kind: "deployment", name, action: "remove", fields: [], why: gone, isDrift: false },
    order: { kind: "delete", id: each.id },
    claims: [],
  };
}
