/** Looks for a project, for what runs of Prefect by hand, and for the pools that it has. Changes nothing. */
import { dirname, join } from "node:path";
import { parseEnvFile } from "../config/env-file.ts";
import { readPrefectYaml } from "../prefect/declared/prefect-yaml.ts";
import { recognize } from "./by-hand.ts";
import type { ByHand, Findings, FoundDeployments, FoundPools } from "./findings.ts";
import type { Surroundings } from "./ports.ts";

export interface Place {
  readonly project: string;
  /** Python environments to try besides those that are in use. */
  readonly environments: readonly string[];
}

export async function look(place: Place, around: Surroundings): Promise<Findings> {
  const { project } = place;
  const folders = [
    project,
    ...(await around.foldersIn(project)).map((name) => join(project, name)),
  ];
  const prefectYamls = await findPrefectYamls(folders, around);
  const near = [project, ...prefectYamls.map(({ file }) => dirname(file))];
  const envFile = await first(
    near.map((folder) => join(folder, "prefect.env")),
    around.exists,
  );
  const text = envFile === undefined ? undefined : await around.read(envFile);
  const entries = parseEnvFile(text ?? "").entries.map(({ name, value }) => [name, value] as const);
  const variables = new Map(entries);
  const byHand = around.processes().flatMap((process) => recognize(process) ?? []);
  return {
    project,
    prefectYamls,
    envFile,
    variables,
    lock: await findLock(project, around),
    environments: await findEnvironments(place, variables, around),
    byHand,
    pools: await findPools(byHand, variables, around),
  };
}

async function findPrefectYamls(
  folders: readonly string[],
  { exists, read }: Surroundings,
): Promise<readonly FoundDeployments[]> {
  const found: FoundDeployments[] = [];
  for (const folder of folders) {
    const file = join(folder, "prefect.yaml");
    if (!(await exists(file))) continue;
    const yaml = readPrefectYaml(file, (await read(file)) ?? "");
    if (yaml.kind === "unreadable") {
      found.push({ file, deployments: [], trouble: yaml.why });
      continue;
    }
    const deployments = yaml.deployments.map(({ name, poolName }) => ({
      name,
      pool: poolName?.includes("{{") === true ? undefined : poolName,
    }));
    found.push({ file, deployments });
  }
  return found;
}

async function findLock(project: string, { exists }: Surroundings): Promise<Findings["lock"]> {
  const has = (name: string) => exists(join(project, name));
  if ((await has("pyproject.toml")) && (await has("uv.lock"))) return "uv.lock";
  return (await has("requirements-locked.txt")) ? "requirements-locked.txt" : undefined;
}

async function findEnvironments(
  { project, environments }: Place,
  variables: ReadonlyMap<string, string>,
  { exists }: Surroundings,
): Promise<readonly string[]> {
  const home = variables.get("PREFECT_HOME");
  const beside = home === undefined ? [] : [join(dirname(home), "prefect-env")];
  const found: string[] = [];
  for (const path of new Set([...environments, ...beside, join(project, ".venv")])) {
    if (await exists(join(path, "bin/prefect"))) found.push(path);
  }
  return found;
}

/** A server that answers knows best; where none does, its database may be there to be read. */
async function findPools(
  byHand: readonly ByHand[],
  variables: ReadonlyMap<string, string>,
  around: Surroundings,
): Promise<FoundPools> {
  const server = byHand.find(({ kind }) => kind === "server");
  const port = server?.kind === "server" ? server.port : portIn(variables.get("PREFECT_API_URL"));
  // On the machine itself its public address may lead nowhere.
  const url = `http://127.0.0.1:${port}/api`;
  const answer = await around.poolsOfServer(url);
  if (answer.kind === "pools") return { kind: "known", from: url, pools: answer.pools };
  const home = server?.home ?? variables.get("PREFECT_HOME");
  const database = home === undefined ? undefined : join(home, "prefect.db");
  if (database === undefined || !(await around.exists(database))) {
    return { kind: "unknown", why: `no server answers on port ${port}` };
  }
  const read = await around.poolsOfDatabase(database);
  if (read.kind === "pools") return { kind: "known", from: database, pools: read.pools };
  const why = `no server answers on port ${port}, and ${database} cannot be read: ${read.why}`;
  return { kind: "unknown", why };
}

function portIn(apiUrl: string | undefined): number {
  const url = apiUrl === undefined || !URL.canParse(apiUrl) ? undefined : new URL(apiUrl);
  return url === undefined || url.port === "" ? 4200 : Number(url.port);
}

async function first(
  files: readonly string[],
  exists: Surroundings["exists"],
): Promise<string | undefined> {
  for (const file of files) if (await exists(file)) return file;
  return undefined;
}
