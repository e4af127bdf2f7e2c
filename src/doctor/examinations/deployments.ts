/** Deployments that lead nowhere: their runs crash as soon as they begin, or never begin. */
import { dirname, isAbsolute, join, resolve } from "node:path";
import * as z from "zod";
import { readPrefectYaml } from "../../prefect/declared/prefect-yaml.ts";
import { type Examination, knownOf, listed, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Scene } from "../ports.ts";

export const deployments: Examination = {
  name: "deployments",
  finds: "a deployment names a pool, a file or a module that is not there",
  examine: async (scene) => {
    const { config, eyes, prefect } = scene;
    const [pools, known, files] = await Promise.all([
      prefect?.pools().then(knownOf),
      prefect?.deployments().then(knownOf),
      Promise.all(config.deployments.map(({ prefectYaml }) => declared(scene, prefectYaml))),
    ]);
    const silent = files.flatMap((each) => (each.kind === "silent" ? [each.file] : []));
    const all = files.flatMap((each) => (each.kind === "read" ? each.deployments : []));
    const ofFiles = new Set(all.map(({ name }) => name));
    const ofServer = (known ?? []).filter(({ name }) => !ofFiles.has(name)).flatMap(onServer);
    const wanted = [...all, ...ofServer];
    const candidates = new Set(wanted.flatMap(({ places }) => places));
    const gone = seenOf(await eyes.missing([...candidates]));
    return [
      ...silent.map(unreadable),
      ...judgeDeployments(wanted, {
        pools: pools && new Set([...pools, ...config.pools].map(({ name }) => name)),
        missing: new Set(gone ?? []),
      }),
    ];
  },
};

export interface DeploymentPlace {
  readonly name: string;
  readonly pool: string | undefined;
  readonly entrypoint: string | undefined;
  /** Where its code may be: one of them has to be there. None: it cannot be known from here. */
  readonly places: readonly string[];
}

interface Known {
  /** Undefined where Prefect does not answer. */
  readonly pools: ReadonlySet<string> | undefined;
  readonly missing: ReadonlySet<string>;
}

export function judgeDeployments(
  places: readonly DeploymentPlace[],
  { pools, missing }: Known,
): readonly Finding[] {
  return places.flatMap(({ name, pool, entrypoint, places: candidates }): Finding[] => {
    const found: Finding[] = [];
    if (pools !== undefined && pool !== undefined && !pools.has(pool)) {
      found.push({
        id: `deployments:${name}:pool`,
        severity: "fault",
        what: `the deployment ${name} names the pool ${pool}, which there is not`,
        why: "it cannot be deployed, and none of its runs begins",
        cure: `add \`- {name: ${pool}}\` to pools: of the configuration, then \`sails-supervisor reload\`; or correct work_pool of the deployment`,
      });
    }
    if (candidates.length > 0 && candidates.every((place) => missing.has(place))) {
      found.push({
        id: `deployments:${name}:entrypoint`,
        severity: "fault",
        what: `the deployment ${name} begins at ${entrypoint}, and there is no ${listed(candidates)}`,
        why: "each of its runs crashes as soon as it begins",
        cure: "correct its entrypoint (or bring the file back), then `sails-supervisor apply`",
      });
    }
    return found;
  });
}

const unreadable = (file: string): Finding => ({
  id: `deployments:${file}`,
  severity: "fault",
  what: `${file} cannot be read: the file system that it is on does not answer`,
  why: "nothing of it can be deployed, and runs that need the code there hang",
  cure: `\`findmnt --target ${dirname(file)}\` shows what is mounted; \`umount -l\` lets go of a mount whose other side is away, then mount it again`,
});

type DeclaredFile =
  | { readonly kind: "read"; readonly deployments: readonly DeploymentPlace[] }
  | { readonly kind: "silent"; readonly file: string }
  | { readonly kind: "unknown" };

async function declared({ eyes, config }: Scene, file: string): Promise<DeclaredFile> {
  const text = await eyes.read(file);
  if (text.kind === "silent") return { kind: "silent", file };
  if (text.kind !== "seen") return { kind: "unknown" };
  const yaml = readPrefectYaml(file, text.value);
  if (yaml.kind === "unreadable") return { kind: "unknown" };
  const folders = await foldersIn(text.value, dirname(file));
  const { path } = config.environment;
  const packages =
    path === undefined ? [] : (seenOf(await eyes.matching(path, sitePackages)) ?? []);
  return {
    kind: "read",
    deployments: yaml.deployments.map(({ name, poolName, entrypoint }, index) => ({
      name,
      pool: isPlain(poolName) ? poolName : undefined,
      entrypoint,
      places: placesOf(entrypoint, folders[index], packages),
    })),
  };
}

const sitePackages = "lib/python3*/site-packages";

/** Templates of Prefect's are filled in elsewhere. */
const isPlain = (text: string | undefined): text is string => text?.includes("{{") === false;

const moduleName = /^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$/;

/** @param folder where the run begins; undefined where that cannot be known from here */
export function placesOf(
  entrypoint: string | undefined,
  folder: string | undefined,
  packages: readonly string[],
): readonly string[] {
  if (folder === undefined || !isPlain(entrypoint)) return [];
  const [file = ""] = entrypoint.split(":");
  if (entrypoint.includes(":")) return isAbsolute(file) ? [file] : [join(folder, file)];
  // `package.module.flow`: what is installed in a way of its own cannot be found by looking.
  if (!moduleName.test(entrypoint) || packages.length === 0) return [];
  const [top = ""] = entrypoint.split(".");
  const among = [folder, join(folder, "src"), ...packages];
  return among.flatMap((place) => [join(place, top), join(place, `${top}.py`)]);
}

const step = z.record(z.string(), z.unknown());
const pull = z.array(step).nullish().catch(undefined);
const shape = z.looseObject({
  pull,
  deployments: z
    .array(z.looseObject({ name: z.string().nullish().catch(undefined), pull }))
    .nullish(),
});

/** Of each entry that has a name, in order: where its runs begin. Undefined: a pull step fetches the code from elsewhere. */
async function foldersIn(text: string, base: string): Promise<readonly (string | undefined)[]> {
  const { parse } = await import("yaml");
  const read = shape.safeParse(parse(text, { merge: true, uniqueKeys: false, logLevel: "error" }));
  if (!read.success) return [];
  const named = (read.data.deployments ?? []).filter(({ name }) => Boolean(name));
  return named.map((entry) => folderOf(entry.pull ?? read.data.pull ?? [], base));
}

function folderOf(steps: readonly z.infer<typeof step>[], base: string): string | undefined {
  let folder: string | undefined = base;
  for (const [name, options] of steps.flatMap((one) => Object.entries(one))) {
    if (!name.endsWith("set_working_directory")) return undefined;
    const { directory } = z
      .looseObject({ directory: z.unknown() })
      .catch({ directory: undefined })
      .parse(options);
    const isKnown: boolean = typeof directory === "string" && !directory.includes("{{");
    folder = isKnown ? resolve(base, String(directory)) : undefined;
  }
  return folder;
}

/** Deployed by somebody else: where its code is, is known if its path is one of this machine. */
function onServer(deployment: {
  readonly name: string;
  readonly flowName: string;
  readonly entrypoint: string | undefined;
  readonly settings: Readonly<Record<string, unknown>>;
}): readonly DeploymentPlace[] {
  const { name, flowName, entrypoint, settings } = deployment;
  const { path } = settings;
  const folder = typeof path === "string" && isAbsolute(path) ? path : undefined;
  // That its pool is gone leaves no name behind.
  return [
    {
      name: `${flowName}/${name}`,
      pool: undefined,
      entrypoint,
      places: placesOf(entrypoint, folder, []),
    },
  ];
}
