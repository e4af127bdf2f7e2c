/** From what is there to a configuration that goes on with it: every choice with its reason. */
import { dirname, join } from "node:path";
import type { Findings, FoundPool } from "./findings.ts";

/** A configuration as it is to be written, and what its reader should know. */
export interface Draft {
  readonly sections: readonly Section[];
  readonly found: readonly string[];
  /** What was chosen without anything that told. */
  readonly assumed: readonly string[];
  /** What only a person can do. */
  readonly toDo: readonly string[];
}

export interface Section {
  readonly key: string;
  /** Lines of words above it. */
  readonly comment?: string;
  readonly value: unknown;
}

export function draft(findings: Findings): Draft {
  const parts = [
    prefectPart(findings),
    environmentPart(findings),
    serverPart(findings),
    poolsPart(findings),
    deploymentsPart(findings),
    byHandPart(findings),
  ];
  return {
    sections: parts.flatMap(({ section }) => section ?? []),
    found: parts.flatMap(({ found = [] }) => found),
    assumed: parts.flatMap(({ assumed = [] }) => assumed),
    toDo: parts.flatMap(({ toDo = [] }) => toDo),
  };
}

interface Part {
  readonly section?: Section;
  readonly found?: readonly string[];
  readonly assumed?: readonly string[];
  readonly toDo?: readonly string[];
}

function prefectPart(findings: Findings): Part {
  const { envFile } = findings;
  const home = homeOf(findings);
  const inFile = envFile === undefined ? undefined : findings.variables.get("PREFECT_HOME");
  const value = {
    ...(home === undefined || home === inFile ? {} : { home }),
    ...(envFile === undefined ? {} : { env_file: envFile }),
  };
  const section = Object.keys(value).length === 0 ? undefined : { key: "prefect", value };
  const what =
    envFile === undefined ? [] : [`${envFile}: ${named([...findings.variables.keys()])}`];
  if (home !== undefined) {
    return { ...(section && { section }), found: [...what, `Prefect's state is in ${home}`] };
  }
  return {
    ...(section && { section }),
    found: what,
    assumed: [
      "nothing names PREFECT_HOME: Prefect's state will begin anew in the state folder. If there is a database already, set prefect.home to its folder",
    ],
  };
}

/** What runs tells better than what is written. */
const homeOf = ({ byHand, variables }: Findings): string | undefined =>
  byHand.find(({ kind, home }) => kind === "server" && home !== undefined)?.home ??
  variables.get("PREFECT_HOME") ??
  byHand.find(({ home }) => home !== undefined)?.home;

function environmentPart(findings: Findings): Part {
  const { project, lock, environments, byHand } = findings;
  const used = [...new Set(byHand.flatMap(({ environment }) => environment ?? []))];
  const path = used[0] ?? environments[0];
  const home = homeOf(findings);
  const declared = lock === undefined ? {} : { project };
  const found = [
    ...(lock === undefined
      ? []
      : [`${join(project, lock)} says what the Python environment holds`]),
    ...(path === undefined
      ? []
      : [`${path} has a Prefect${used.includes(path) ? ", and runs" : ""}`]),
  ];
  const toDo =
    used.length > 1
      ? [
          `several Python environments are in use: ${used.join(", ")}. ${path} was taken; correct environment.path if it is another`,
        ]
      : [];
  if (path !== undefined) {
    return { section: { key: "environment", value: { ...declared, path } }, found, toDo };
  }
  if (lock === undefined) {
    const what = `there is neither a Python environment with Prefect nor a uv.lock or requirements-locked.txt in ${project}`;
    return { toDo: [`${what}: set environment.path, or environment.project`] };
  }
  const beside = home === undefined ? undefined : join(dirname(home), "prefect-env");
  const made = beside === undefined ? {} : { path: beside };
  const where = beside ?? "the state folder";
  return {
    section: { key: "environment", value: { ...declared, ...made } },
    found,
    assumed: [`the Python environment is to be in ${where}`],
  };
}

function serverPart({ byHand }: Findings): Part {
  const server = byHand.find((each) => each.kind === "server");
  if (server?.kind !== "server") return {};
  const isOpen = server.host !== undefined && !/^(127\.|localhost$|::1$)/.test(server.host);
  const value = {
    ...(isOpen ? { host: server.host } : {}),
    ...(server.port === 4200 ? {} : { port: server.port }),
  };
  const comment = isOpen
    ? "As it was: open to everybody who reaches this machine. 127.0.0.1 is for this machine alone."
    : undefined;
  const section = { key: "server", ...(comment && { comment }), value };
  const where = `${server.host ?? "127.0.0.1"}, port ${server.port}`;
  return {
    ...(Object.keys(value).length > 0 && { section }),
    found: [`a server runs on ${where}`],
    toDo: isOpen
      ? [
          `the server is open to the network, without a password: set server.auth_file, or server.host to 127.0.0.1 with a tunnel or a proxy in front`,
        ]
      : [],
  };
}

interface PoolUse {
  readonly name: string;
  readonly deployments: readonly string[];
  readonly workers: number;
  readonly actual: FoundPool | undefined;
}

function poolsPart(findings: Findings): Part {
  const uses = poolUses(findings);
  const ours = uses.filter(
    ({ deployments, workers, actual }) =>
      (deployments.length > 0 || workers > 0) && isOfProcesses(actual),
  );
  const others = uses.filter((use) => !ours.includes(use));
  const value = ours.map(({ name, workers, actual }) => ({
    name,
    ...(actual?.limit === undefined || actual.limit === null
      ? {}
      : { concurrency_limit: actual.limit }),
    ...(workers > 1 ? { workers } : {}),
  }));
  const unknown = findings.pools.kind === "unknown" ? findings.pools.why : undefined;
  return {
    ...(value.length > 0 && { section: { key: "pools", value } }),
    found: ours.map((use) => `pool ${use.name}: ${describeUse(use)}`),
    assumed: [
      ...ours
        .filter(({ workers, actual }) => workers === 0 && actual !== undefined)
        .map(({ name }) => `pool ${name} is to be served from here, though no worker of it runs`),
      ...(unknown === undefined || ours.length === 0
        ? []
        : [`no limits were found (${unknown}): those that Prefect holds stay as they are`]),
    ],
    toDo: [
      ...ours
        .filter(({ actual }) => findings.pools.kind === "known" && actual === undefined)
        .map(
          ({ name, deployments }) =>
            `pool ${name} does not exist, and ${named(deployments)} named it: it will be made, without a limit. Take it out of pools: if that is a mistake`,
        ),
      ...others.map(({ name, actual }) =>
        isOfProcesses(actual)
          ? `pool ${name} is left out: no deployment names it and no worker serves it`
          : `pool ${name} is left out: it is of type ${actual?.type}. Add it to pools: with that type if workers of it should run here`,
      ),
    ],
  };
}

const isOfProcesses = (pool: FoundPool | undefined): boolean =>
  pool === undefined || pool.type === "process";

function poolUses({ prefectYamls, byHand, pools }: Findings): readonly PoolUse[] {
  const actual = pools.kind === "known" ? pools.pools : [];
  const all = prefectYamls.flatMap(({ deployments }) => deployments);
  const served = byHand.flatMap((each) => (each.kind === "worker" ? (each.pool ?? []) : []));
  const names = new Set([
    ...all.flatMap(({ pool }) => pool ?? []),
    ...served,
    ...actual.map(({ name }) => name),
  ]);
  return [...names].map((name) => ({
    name,
    deployments: all.filter(({ pool }) => pool === name).map((each) => each.name),
    workers: served.filter((pool) => pool === name).length,
    actual: actual.find((pool) => pool.name === name),
  }));
}

function describeUse({ deployments, workers, actual }: PoolUse): string {
  const parts = [
    ...(deployments.length > 0 ? [count(deployments.length, "deployment")] : []),
    ...(workers > 0 ? [`${count(workers, "worker")} by hand`] : []),
    ...(actual === undefined ? [] : [actual.limit === null ? "no limit" : `limit ${actual.limit}`]),
  ];
  return parts.join(", ");
}

function deploymentsPart({ prefectYamls, project }: Findings): Part {
  const readable = prefectYamls.filter(({ trouble }) => trouble === undefined);
  const value = readable.map(({ file }) => ({ prefect_yaml: file }));
  return {
    ...(value.length > 0 && { section: { key: "deployments", value } }),
    found: readable.map(
      ({ file, deployments }) => `${file}: ${count(deployments.length, "deployment")}`,
    ),
    toDo: [
      ...prefectYamls
        .filter(({ trouble }) => trouble !== undefined)
        .map(({ file, trouble }) => `${file} is left out, it cannot be read: ${trouble}`),
      ...(prefectYamls.length === 0
        ? [`there is no prefect.yaml in ${project}: deployments stay as they are on the server`]
        : []),
    ],
  };
}

function byHandPart({ byHand }: Findings): Part {
  if (byHand.length === 0) return {};
  const told = byHand.map(
    (each) =>
      `${each.pid} (${each.kind === "server" ? "server" : `worker of ${each.pool ?? "?"}`})`,
  );
  return {
    toDo: [
      `end what was started by hand before the daemon starts, the workers when no flow runs in them: processes ${told.join(", ")}`,
    ],
  };
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;

function named(names: readonly string[]): string {
  const first = names.slice(0, 5);
  return names.length > 5 ? `${first.join(", ")} and ${names.length - 5} more` : first.join(", ");
}
