/** Reads the deployments out of a `prefect.yaml`: only what is needed to know whether each exists. */
import { parse } from "yaml";
import * as z from "zod";

export interface DeclaredDeployment {
  readonly file: string;
  readonly name: string;
  /** `flows/monitor.py:monitor`; undefined where the entry gives none. */
  readonly entrypoint: string | undefined;
  readonly poolName: string | undefined;
  /** What `prefect deploy -n` is told: FUNCTION/NAME where another entry of the file has the name too. */
  readonly selector: string;
}

export type PrefectYaml =
  | {
      readonly kind: "read";
      readonly deployments: readonly DeclaredDeployment[];
      /** Prefect skips entries without a name and says nothing. */
      readonly unnamed: number;
    }
  | { readonly kind: "unreadable"; readonly why: string };

/** Whatever `prefect deploy` accepts must pass: only the four keys that are read are looked at. */
const shape = z.object({
  deployments: z
    .array(
      z.object({
        name: z.string().nullish().catch(undefined),
        entrypoint: z.string().nullish().catch(undefined),
        work_pool: z
          .object({ name: z.string().nullish().catch(undefined) })
          .nullish()
          .catch(undefined),
      }),
    )
    .nullish(),
});

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
    const { deployments } = shape.parse(parse(text, asPythonReads) ?? {});
    const entries = deployments ?? [];
    const isTwice = (name: string) => entries.filter((entry) => entry.name === name).length > 1;
    return {
      kind: "read",
      unnamed: entries.filter(({ name }) => !isName(name)).length,
      deployments: entries.flatMap(({ name, entrypoint, work_pool }) =>
        isName(name)
          ? {
              file,
              name,
              entrypoint: entrypoint ?? undefined,
              poolName: work_pool?.name ?? undefined,
              selector: selectorOf(name, entrypoint, isTwice(name)),
            }
          : [],
      ),
    };
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    return { kind: "unreadable", why: why.split("\n")[0] ?? why };
  }
}

const isName = (name: string | null | undefined): name is string =>
  name !== undefined && name !== null && name !== "";

/** By the bare name, those of the same name that exist would be deployed again. */
function selectorOf(name: string, entrypoint: string | null | undefined, isTwice: boolean): string {
  const [, flow] = entrypoint?.split(":") ?? [];
  return isTwice && flow !== undefined ? `${flow}/${name}` : name;
}
