/**
 * One round towards what is declared: read what is, plan, perform, and say what could not be had.
 * Pools come first, each opening the way for its workers as soon as it is right.
 */
import type { Config } from "../../config/config.ts";
import type { Blocker } from "../../supervision/unit-state.ts";
import type { Deployment, PrefectApi, WorkPool } from "../api/client.ts";
import type { Answer } from "../api/transport.ts";
import { poolCondition } from "../installation.ts";
import type { ReadRemote } from "../ports.ts";
import { type DeployDeps, deploy, isMade, planDeployments } from "./deployments.ts";
import type { AskedTemplate } from "./job-template.ts";
import { isDetached, type PoolStep, performPoolStep, planPools } from "./pools.ts";
import { type DeclaredDeployment, readPrefectYaml } from "./prefect-yaml.ts";
import { describeSchedule, nameOf, planSchedules, type ScheduleStep } from "./schedules.ts";

export interface Difficulty {
  /** Stable: `deployment monitor`. */
  readonly id: string;
  readonly what: string;
  readonly cure?: string;
}

export interface ConvergeDeps {
  readonly config: Config;
  readonly api: PrefectApi;
  readonly deploying: Omit<DeployDeps, "stillMissing" | "signal">;
  readonly read: ReadRemote;
  /** Of the installed Prefect; asked for at most once a round. */
  readonly defaultTemplate: () => Promise<AskedTemplate>;
  readonly setCondition: (name: string, blocker: Blocker | undefined) => void;
  /** Of the last round: what could not be deployed then is not tried again, and stays a difficulty. */
  readonly known: readonly Difficulty[];
  /** Resolves when no worker is about to become ready any more. */
  readonly workersStarted: (signal: AbortSignal) => Promise<void>;
  readonly log: (message: string) => void;
  readonly signal: AbortSignal;
}

export type Round =
  | { readonly kind: "done"; readonly difficulties: readonly Difficulty[] }
  /** The API was away or would not answer: nothing is known, and it is worth another try. */
  | { readonly kind: "cut-short"; readonly why: string };

export async function converge(deps: ConvergeDeps): Promise<Round> {
  const { api, signal } = deps;
  const pools = await api.pools(signal);
  if (pools.kind !== "ok") return { kind: "cut-short", why: pools.why };
  const poolTrouble = await convergePools(deps, pools.value);
  if (poolTrouble.kind !== "done") return poolTrouble;

  // Workers first: on one CPU their starts and `prefect deploy` would starve each other and the server.
  await deps.workersStarted(signal);
  const files = await readFiles(deps.config, deps.read);
  const before = await api.deployments(signal);
  if (before.kind !== "ok") return { kind: "cut-short", why: before.why };
  const names = [...pools.value, ...deps.config.pools].map(({ name }) => name);
  const made = await convergeDeployments(deps, files.declared, before.value, new Set(names));
  if (made.kind !== "done") return made;
  const after = await api.deployments(signal);
  if (after.kind !== "ok") return { kind: "cut-short", why: after.why };
  const scheduled = await convergeSchedules(deps, files.declared, after.value);
  if (scheduled.kind !== "done") return scheduled;
  const attached = ownCommands(deps.config, after.value);
  const parts = [poolTrouble, files, made, scheduled, { difficulties: attached }];
  return { kind: "done", difficulties: parts.flatMap(({ difficulties }) => difficulties) };
}

/** Nobody has to correct anything: a server that is away, or busy, or out of disk. */
const mayPass = (answer: Exclude<Answer<never>, { kind: "ok" }>): boolean =>
  answer.kind === "unreachable" || answer.status >= 500;

async function convergePools(
  { config, api, signal, setCondition, log, defaultTemplate }: ConvergeDeps,
  actual: readonly WorkPool[],
): Promise<Round> {
  const { steps, mismatches, foreignCommands } = planPools(config.pools, actual);
  const templateOnce = once(defaultTemplate);
  const difficulties: Difficulty[] = [];
  const close = (name: string, blocker: Blocker): void => {
    setCondition(poolCondition(name), blocker);
    difficulties.push(difficulty(`pool ${name}`, blocker.why, blocker.cure));
  };
  for (const { pool, actualType } of mismatches) {
    const why = `pool ${pool.name} is of type ${actualType}, not ${pool.type}`;
    const cure = `Set its type to ${actualType} in the configuration, or delete the pool in Prefect`;
    close(pool.name, { kind: "config", why, cure });
  }
  const notRight = new Set([...steps, ...mismatches].map(({ pool }) => pool.name));
  for (const { name } of config.pools) {
    if (!notRight.has(name)) setCondition(poolCondition(name), undefined);
  }
  for (const { name } of foreignCommands) {
    const what = `the job template of pool ${name} has a command of its own, so that its flow runs do not outlive their worker: its restart waits for them`;
    const cure = `Take the command out of the pool's template in Prefect, or set detached: false for ${name}`;
    difficulties.push(difficulty(`command ${name}`, what, cure));
  }
  let cutShort: string | undefined;
  const failed = new Set<string>();
  for (const step of steps) {
    const answer = await performPoolStep(api, step, templateOnce, signal);
    const { name } = step.pool;
    if (answer.kind === "ok") {
      log(`pool ${name}: ${done(step)}`);
      if (!failed.has(name)) setCondition(poolCondition(name), undefined);
    } else {
      failed.add(name);
      close(name, { kind: "dependency", why: `pool ${name} is not right: ${answer.why}` });
      if (mayPass(answer)) cutShort ??= answer.why;
    }
  }
  return cutShort === undefined
    ? { kind: "done", difficulties }
    : { kind: "cut-short", why: cutShort };
}

function done(step: PoolStep): string {
  switch (step.kind) {
    case "create":
      return "created";
    case "set-limit":
      return `limit set from ${step.from} to ${step.to}`;
    case "set-template":
      return isDetached(step.pool)
        ? "its flow runs outlive their worker from now on"
        : "its flow runs are started by Prefect's own command";
    default:
      return step satisfies never;
  }
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => (asked ??= ask());
}

export interface DeclaredFiles {
  readonly declared: readonly DeclaredDeployment[];
  readonly difficulties: readonly Difficulty[];
}

export async function readFiles(config: Config, readText: ReadRemote): Promise<DeclaredFiles> {
  const read = await Promise.all(
    config.deployments.map(async ({ prefectYaml: file }) => {
      const text = await readText(file);
      const found =
        text.kind === "text"
          ? readPrefectYaml(file, text.text)
          : ({ kind: "unreadable", why: text.why } as const);
      return { file, found };
    }),
  );
  return {
    declared: read.flatMap(({ found }) => (found.kind === "read" ? found.deployments : [])),
    difficulties: read.flatMap(({ file, found }) => {
      if (found.kind === "unreadable") {
        const what = `${file} cannot be read: ${found.why}. None of its deployments is made`;
        return [
          difficulty(`file ${file}`, what, "Correct the file, then `sails-supervisor reload`"),
        ];
      }
      if (found.unnamed === 0) return [];
      const what = `${found.unnamed} deployments in ${file} have no name: Prefect skips them`;
      return [difficulty(`unnamed ${file}`, what, "Give each entry under deployments: a name")];
    }),
  };
}

async function convergeDeployments(
  { api, deploying, known, signal, log }: ConvergeDeps,
  declared: readonly DeclaredDeployment[],
  actual: readonly Deployment[],
  pools: ReadonlySet<string>,
): Promise<Round> {
  const planned = planDeployments(declared, actual, pools);
  const { withoutPool } = planned;
  const idOf = ({ name }: DeclaredDeployment): string => `deployment ${name}`;
  const failedBefore = known.filter(({ id }) =>
    planned.missing.some((entry) => idOf(entry) === id),
  );
  const missing = planned.missing.filter(
    (entry) => !failedBefore.some(({ id }) => id === idOf(entry)),
  );
  const stillMissing = async (entries: readonly DeclaredDeployment[]) => {
    const now = await api.deployments(signal);
    if (now.kind !== "ok") return now;
    return { kind: "ok", value: planDeployments(entries, now.value, pools).missing } as const;
  };
  if (missing.length > 0) log(`making ${count(missing.length, "deployment")}: ${named(missing)}`);
  const outcome = await deploy(missing, { ...deploying, signal, stillMissing });
  if (outcome.kind !== "ok") return { kind: "cut-short", why: outcome.why };
  const failures = outcome.value;
  const made = missing.filter((entry) => !failures.some(({ deployment }) => deployment === entry));
  if (made.length > 0) log(`made ${count(made.length, "deployment")}: ${named(made)}`);
  const difficulties = [
    ...failedBefore,
    ...withoutPool.map(({ name, poolName, file }) =>
      difficulty(
        `deployment ${name}`,
        `deployment ${name} (${file}) names the pool ${poolName}, which is neither declared nor on the server: nothing would run it`,
        `Add ${poolName} to pools: in the configuration, or name another pool in the file`,
      ),
    ),
    ...failures.map(({ deployment: { name, file }, why }) =>
      difficulty(
        `deployment ${name}`,
        `deployment ${name} (${file}) could not be made: \`prefect deploy\` ${why}`,
        "Correct what it says, then `sails-supervisor reload`",
      ),
    ),
  ];
  return { kind: "done", difficulties };
}

async function convergeSchedules(
  { config, api, signal, log }: ConvergeDeps,
  files: readonly DeclaredDeployment[],
  actual: readonly Deployment[],
): Promise<Round> {
  const { steps, withoutDeployment } = schedulePlan(config, files, actual);
  const difficulties = withoutDeployment.map((target) =>
    difficulty(
      `schedule ${target}`,
      `the schedule of ${target} has nothing to start: there is no such deployment`,
      "Name it as FLOW/NAME, as `prefect deployment ls` shows it",
    ),
  );
  for (const step of steps) {
    const target = nameOf(step.deployment);
    const answer = await performScheduleStep(api, step, signal);
    if (answer.kind === "ok") log(`${target}: ${scheduleDone(step)}`);
    else if (mayPass(answer)) return { kind: "cut-short", why: answer.why };
    else {
      const what = `the schedule of ${target} could not be put right: ${answer.why}`;
      difficulties.push(difficulty(`schedule ${target}`, what, "Correct it, then reload"));
    }
  }
  return { kind: "done", difficulties };
}

export function schedulePlan(
  config: Config,
  files: readonly DeclaredDeployment[],
  actual: readonly Deployment[],
): ReturnType<typeof planSchedules> {
  const declared = config.deployments.flatMap(({ schedules }) => schedules);
  const isDeclared = (deployment: Deployment) => files.some((entry) => isMade(entry, deployment));
  return planSchedules(declared, actual, isDeclared);
}

function performScheduleStep(
  api: PrefectApi,
  step: ScheduleStep,
  signal: AbortSignal,
): Promise<Answer<unknown>> {
  const { id } = step.deployment;
  switch (step.kind) {
    case "create":
      return api.createSchedules(id, step.schedules, signal);
    case "change":
      return api.updateSchedule(id, step.made.id, step.to, signal);
    case "remove":
      return api.deleteSchedule(id, step.made.id, signal);
    default:
      return step satisfies never;
  }
}

function scheduleDone(step: ScheduleStep): string {
  switch (step.kind) {
    case "create":
      return `${count(step.schedules.length, "schedule")} made`;
    case "change":
      return `schedule changed from ${describeSchedule(step.made.schedule)} to ${describeSchedule(step.to)}`;
    case "remove":
      return `schedule ${describeSchedule(step.made.schedule)} removed, as it is not declared any more`;
    default:
      return step satisfies never;
  }
}

/** Theirs to choose; but what it costs must be known. */
function ownCommands({ pools }: Config, deployments: readonly Deployment[]): readonly Difficulty[] {
  const detached = new Set(pools.filter(isDetached).map(({ name }) => name));
  return deployments.flatMap(({ name, flowName, poolName, command }) => {
    if (command === undefined || poolName === undefined || !detached.has(poolName)) return [];
    const what = `deployment ${flowName}/${name} has a command of its own, so that its flow runs do not outlive their worker: a restart of worker@${poolName} waits for them`;
    const cure = "Take command out of its job_variables, if it is not needed";
    return [difficulty(`command ${flowName}/${name}`, what, cure)];
  });
}

const difficulty = (id: string, what: string, cure: string | undefined): Difficulty =>
  cure === undefined ? { id, what } : { id, what, cure };

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? "" : "s"}`;

const named = (entries: readonly DeclaredDeployment[]): string =>
  entries.map(({ name }) => name).join(", ");
