/** Reads the deployments out of a `prefect.yaml`: what is needed to know whether each exists, and is as it was. */
import { parse } from "yaml";
import * as z from "zod";
import { fingerprint } from "./ledger.ts";

export interface DeclaredDeployment {
  readonly file: string;
  readonly name: string;
  /** `flows/monitor.py:monitor`; undefined where the entry gives none. */
  readonly entrypoint: string | undefined;
  readonly poolName: string | undefined;
  /** What `prefect deploy -n` is told: FUNCTION/NAME where another entry of the file has the name too. */
  readonly selector: string;
  /** Of all that the file says of it. */
  readonly fingerprint: string;
  /** As plain text; undefined where the entry does not say, or not plainly. */
  readonly description: string | undefined;
  readonly tags: readonly string[] | undefined;
  /** As `prefect deploy` will have it. */
  readonly paused: boolean;
  readonly schedules: readonly FileSchedule[];
}

/** A schedule of the file: its rule as it stands there, and by which name. */
export interface FileSchedule {
  readonly slug: string | undefined;
  readonly active: boolean;
  readonly rule: Readonly<Record<string, unknown>>;
}

export type PrefectYaml =
  | {
      readonly kind: "read";
      readonly deployments: readonly DeclaredDeployment[];
      /** Prefect skips entries without a name and says nothing. */
      readonly unnamed: number;
    }
  | { readonly kind: "unreadable"; readonly why: string };

const maybeText = z.string().nullish().catch(undefined);
const scheduleShape = z.record(z.string(), z.unknown()).catch({});

/** Whatever `prefect deploy` accepts must pass: of what is not understood nothing is taken. */
const shape = z.looseObject({
  deployments: z
    .array(
      z.looseObject({
        name: maybeText,
        entrypoint: maybeText,
        description: maybeText,
        tags: z.array(z.string()).nullish().catch(undefined),
        paused: z.boolean().nullish().catch(undefined),
        schedule: scheduleShape.nullish(),
        schedules: z.array(scheduleShape).nullish().catch(undefined),
        work_pool: z.looseObject({ name: maybeText }).nullish().catch(undefined),
      }),
    )
    .nullish(),
});
type Entry = NonNullable<z.infer<typeof shape>["deployments"]>[number];

/**
 * Anchors and merge keys are common in these files. PyYAML takes the last of two equal keys, and
 * any number of aliases; what this parser would warn of goes to the daemon's own output.
 */
const asPythonReads = {
  merge: true,
  uniqueKeys: false,
  maxAliasCount: 10_000,
  logLevel: "error",
} as const;

/** @param text what the file holds */
export function readPrefectYaml(file: string, text: string): PrefectYaml {
  try {
    const document = parse(text, asPythonReads) ?? {};
    const { deployments, ...common } = shape.parse(document);
    const entries = deployments ?? [];
    const isTwice = (name: string) => entries.filter((entry) => entry.name === name).length > 1;
    return {
      kind: "read",
      unnamed: entries.filter(({ name }) => !isName(name)).length,
      deployments: entries.flatMap(({ name, entrypoint, work_pool }, index) =>
        isName(name)
          ? {
              file,
              name,
              entrypoint: entrypoint ?? undefined,
              poolName: work_pool?.name ?? undefined,
              selector: selectorOf(name, entrypoint, isTwice(name)),
              ...contentOf(entries[index], common),
            }
          : [],
      ),
    };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { kind: "unreadable", why: why.split("\n")[0] ?? why };
  }
}

/** @param common what the file says of all: pull steps, anchors */
function contentOf(entry: Entry | undefined, common: object) {
  const { description, tags, paused, schedule, schedules } = entry ?? {};
  const all = [
    ...(schedule === undefined || schedule === null ? [] : [schedule]),
    ...(schedules ?? []),
  ];
  return {
    fingerprint: fingerprint({ common, entry }),
    description: description ?? undefined,
    tags: tags ?? undefined,
    paused: paused ?? false,
    schedules: all.filter((each) => Object.keys(each).length > 0).map(toSchedule),
  };
}

const toSchedule = ({
  slug,
  active,
  ...rule
}: Readonly<Record<string, unknown>>): FileSchedule => ({
  slug: typeof slug === "string" && slug !== "" ? slug : undefined,
  active: active !== false,
  rule,
});

const isName = (name: string | null | undefined): name is string =>
  name !== undefined && name !== null && name !== "";

/** By the bare name, those of the same name that exist would be deployed again. */
function selectorOf(name: string, entrypoint: string | null | undefined, isTwice: boolean): string {
  const [, flow] = entrypoint?.split(":") ?? [];
  return isTwice && flow !== undefined ? `${flow}/${name}` : name;
}
