/** Reads all that deployments are made from: the files that declare them, their code, the lock. */
import { dirname, join, resolve } from "node:path";
import type { Config } from "../../config/config.ts";
import type { ReadRemote, SumRemote } from "../ports.ts";
import { type DeclaredDeployment, readPrefectYaml } from "./prefect-yaml.ts";
import type { Difficulty } from "./steps.ts";

/** Neither hangs, whatever the file system does. */
export interface RemoteFiles {
  readonly read: ReadRemote;
  readonly sums: SumRemote;
}

export interface DeploymentSource extends DeclaredDeployment {
  /** Of the file of its entrypoint; empty where there is none. */
  readonly code: string;
  /** Of what locks the packages; empty where nothing does. */
  readonly lock: string;
}

export interface DeclaredFiles {
  readonly deployments: readonly DeploymentSource[];
  readonly difficulties: readonly Difficulty[];
  /** Nothing is known of what they declare: their deployments are neither changed nor removed. */
  readonly unreadable: ReadonlySet<string>;
}

export async function readDeclaredFiles(
  config: Config,
  { read, sums: sumsOf }: RemoteFiles,
): Promise<DeclaredFiles> {
  const files = config.deployments.map(({ prefectYaml }) => prefectYaml);
  const texts = await Promise.all(files.map(async (file) => [file, await read(file)] as const));
  const difficulties: Difficulty[] = [];
  const unreadable = new Set<string>();
  const entries: DeclaredDeployment[] = [];
  const fails = (file: string, why: string): void => {
    unreadable.add(file);
    const what = `${file} cannot be read: ${why}. Its deployments are left as they are`;
    const cure = "Correct the file; it is looked at again every five minutes";
    difficulties.push({ id: `file ${file}`, what, cure });
  };
  for (const [file, remote] of texts) {
    const found = remote.kind === "text" ? readPrefectYaml(file, remote.text) : remote;
    if (found.kind !== "read") {
      fails(file, found.why);
      continue;
    }
    if (found.unnamed > 0) {
      const what = `${found.unnamed} deployments in ${file} have no name: Prefect skips them`;
      const cure = "Give each entry under deployments: a name";
      difficulties.push({ id: `unnamed ${file}`, what, cure });
    }
    entries.push(...found.deployments);
  }
  const locks = locksOf(config);
  const code = new Set(entries.flatMap((entry) => codeFile(entry) ?? []));
  const asked = entries.length === 0 ? [] : [...code, ...locks];
  const known = asked.length === 0 ? none : await sumsOf(asked);
  if (known.kind === "failed") {
    for (const file of files) if (!unreadable.has(file)) fails(file, `of its code, ${known.why}`);
    return { deployments: [], difficulties, unreadable };
  }
  const sumOf = (path: string | undefined) =>
    (path === undefined ? "" : known.sums.get(path)) ?? "";
  const lock = locks.map(sumOf).find((sum) => sum !== "") ?? "";
  const deployments = entries.map((entry) => ({ ...entry, code: sumOf(codeFile(entry)), lock }));
  return { deployments, difficulties, unreadable };
}

const none = { kind: "sums", sums: new Map<string, string>() } as const;

/** `flows/monitor.py:monitor`, or `flows.monitor:monitor` as a module. */
function codeFile({ file, entrypoint }: DeclaredDeployment): string | undefined {
  const [path] = entrypoint?.split(":") ?? [];
  if (path === undefined || path === "" || path.includes("{{")) return undefined;
  const isFile = path.endsWith(".py") || path.includes("/");
  return resolve(dirname(file), isFile ? path : `${path.replaceAll(".", "/")}.py`);
}

/** The first that is there counts. */
const locksOf = ({ environment: { project } }: Config): readonly string[] =>
  project === undefined
    ? []
    : ["uv.lock", "requirements-locked.txt"].map((name) => join(project, name));
