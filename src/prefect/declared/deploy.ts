/**
 * Carries out `prefect deploy`: all of one file at once, for its start costs seconds. It stops at
 * the first error, and goes in the order of the names that it is given: so the first that is not
 * done has failed, and the others are tried again without it.
 */
import { basename, dirname } from "node:path";
import type { DeclaredApi, Deployment, DeploymentState } from "../api/declared.ts";
import type { Answer } from "../api/transport.ts";
import type { CommandRequest, RunCommand } from "../ports.ts";
import type { DeploymentSource } from "./declared-files.ts";
import { findMade, noted } from "./deployments.ts";
import { Ledger } from "./ledger.ts";
import type { Kept } from "./ledger-file.ts";
import { fileSchedules, goFirst, keep, type PutBack, putBack } from "./put-back.ts";

export type DeployApi = Pick<
  DeclaredApi,
  | "deployments"
  | "deploymentState"
  | "setPaused"
  | "createSchedule"
  | "updateSchedule"
  | "deleteSchedule"
>;

export interface DeployDeps {
  readonly run: RunCommand;
  readonly program: string;
  readonly env: CommandRequest["env"];
  readonly signal: AbortSignal;
  readonly api: DeployApi;
  readonly ledger: Ledger;
  /** Told of each as soon as it is known: undefined if it is done, else why not. */
  readonly told: (job: DeployJob, failure: string | undefined) => void;
}

export interface DeployJob {
  readonly entry: DeploymentSource;
  /** What is there by now. */
  readonly actual: Deployment | undefined;
}

/** `ok` where the server could be asked to the end, whatever failed of the jobs. */
export async function deployAll(
  jobs: readonly DeployJob[],
  deps: DeployDeps,
): Promise<Answer<unknown>> {
  for (const ofFile of Map.groupBy(jobs, ({ entry }) => entry.file).values()) {
    let left: readonly DeployJob[] = ofFile;
    while (left.length > 0) {
      const turn = await deployTurn(left, deps);
      if (turn.kind !== "ok") return turn;
      const [failed, ...rest] = turn.value.undone;
      if (failed === undefined) break;
      deps.told(failed, turn.value.said);
      left = rest;
    }
  }
  return { kind: "ok", value: undefined };
}

interface Turn {
  readonly undone: readonly DeployJob[];
  readonly said: string;
}

async function deployTurn(jobs: readonly DeployJob[], deps: DeployDeps): Promise<Answer<Turn>> {
  const { api, ledger, signal, told } = deps;
  const stamps = new Map<string, string | null>();
  for (const { entry, actual } of jobs) {
    if (actual === undefined) continue;
    ledger.interrupt(actual.id, keep(entry, actual, ledger.deployments[actual.id]));
  }
  await ledger.save();
  for (const { entry, actual } of jobs) {
    if (actual === undefined) continue;
    const first = goFirst(entry, actual);
    for (const { id } of first) {
      const answer = await api.deleteSchedule(actual.id, id, signal);
      if (answer.kind !== "ok") return answer;
    }
    stamps.set(actual.id, actual.updated);
    if (first.length === 0) continue;
    const now = await api.deploymentState(actual.id, signal);
    if (now.kind !== "ok") return now;
    stamps.set(actual.id, now.value.updated);
  }
  const said = await deployNames(jobs, deps);
  const after = await api.deployments(signal);
  if (after.kind !== "ok") return after;
  const undone: DeployJob[] = [];
  for (const job of jobs) {
    const { entry, actual } = job;
    const made =
      actual === undefined
        ? findMade(entry, after.value)
        : after.value.find(({ id }) => id === actual.id);
    if (made === undefined || made.updated === stamps.get(made.id)) {
      undone.push(job);
      if (actual === undefined) continue;
    } else recordMade(job, made, ledger);
    const restored = await restore(made?.id ?? actual?.id ?? "", deps, made);
    if (restored.kind !== "ok") return restored;
    if (made !== undefined && !undone.includes(job)) told(job, undefined);
  }
  await ledger.save();
  return { kind: "ok", value: { undone, said } };
}

function recordMade({ entry, actual }: DeployJob, made: Deployment, ledger: Ledger): void {
  const before = ledger.deployments[made.id];
  const kept: Kept = ledger.interrupted[made.id] ?? { schedules: [], fileSlugs: [] };
  ledger.record(made.id, {
    ...noteOf(entry, made),
    isOurs: actual === undefined || (before?.isOurs ?? false),
    paused: made.paused,
    schedules: fileSchedules(kept, made),
  });
}

/** What a deployment was made from, and what came of it. */
export const noteOf = (entry: DeploymentSource, { settings }: Deployment) => ({
  file: entry.file,
  selector: entry.selector,
  entry: entry.fingerprint,
  code: entry.code,
  lock: entry.lock,
  made: Object.fromEntries(
    Object.entries(settings).map(([field, value]) => [field, noted(field, value)]),
  ),
});

type RestoreDeps = Pick<DeployDeps, "api" | "ledger" | "signal">;

/** Enough for a server that fails one write in five, for each of a handful of writes. */
const restoreAttempts = 8;

/**
 * Puts back what is noted of it. What that takes is read again each time: nothing is made twice.
 * @param seen as it has just been read
 */
export async function restore(
  id: string,
  { api, ledger, signal }: RestoreDeps,
  seen?: DeploymentState,
): Promise<Answer<unknown>> {
  const kept = ledger.interrupted[id];
  if (kept === undefined) return { kind: "ok", value: undefined };
  let last: Answer<unknown> = { kind: "ok", value: undefined };
  for (let attempt = 0; attempt < restoreAttempts; attempt += 1) {
    const now: Answer<DeploymentState> =
      attempt === 0 && seen !== undefined
        ? { kind: "ok", value: seen }
        : await api.deploymentState(id, signal);
    if (now.kind !== "ok") return now;
    const steps = putBack(kept, now.value);
    if (steps.length === 0) {
      ledger.settle(id);
      return { kind: "ok", value: undefined };
    }
    for (const each of steps) {
      last = await performPutBack(id, each, api, signal);
      if (last.kind === "unreachable") return last;
    }
  }
  return last.kind === "ok"
    ? { kind: "refused", status: 0, why: "its schedules do not stay as they are put back" }
    : last;
}

function performPutBack(
  id: string,
  step: PutBack,
  api: DeployApi,
  signal: AbortSignal,
): Promise<Answer<unknown>> {
  switch (step.kind) {
    case "set-paused":
      return api.setPaused(id, step.paused, signal);
    case "create":
      return api.createSchedule(id, step.schedule, signal);
    case "set-active":
      return api.updateSchedule(id, step.id, { active: step.active }, signal);
    case "delete":
      return api.deleteSchedule(id, step.id, signal);
    default:
      return step satisfies never;
  }
}

/** What it said, in case that the deployments are not there after it. */
async function deployNames(
  jobs: readonly DeployJob[],
  { run, program, env, signal }: DeployDeps,
): Promise<string> {
  const [first] = jobs;
  if (first === undefined) return "";
  const { file } = first.entry;
  const names = jobs.flatMap(({ entry }) => ["-n", entry.selector]);
  const result = await run({
    command: [program, "--no-prompt", "deploy", "--prefect-file", basename(file), ...names],
    // It imports the flows, and nothing may be written into the project's folder.
    env: { ...env, PYTHONDONTWRITEBYTECODE: "1" },
    // Entrypoints are relative to the folder, and Prefect notes it as the place of the code.
    directory: dirname(file),
    timeoutMs: 60_000 + 30_000 * jobs.length,
    signal,
  });
  return `${result.isOk ? "exited with status 0" : result.how}: ${lastWords(result.output)}`;
}

/** The inside of a traceback, and what is said at the end of any deployment. */
const sayNothing =
  /^( {2}File | {4}|Traceback|During handling of|The above exception|An exception occurred|View Deployment in UI|To execute flow runs|To schedule a run|You can also provide|For valid deployment|Skipping deployment|Deploying |Deployment '.*successfully)/;

/** The error is the last thing that is said, sometimes in a frame or over several lines. */
function lastWords(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.replace(/^[│╭╰][─ ]?|[│╮╯─]/g, "").trimEnd())
    .filter((line) => line !== "" && !sayNothing.test(line))
    .map((line) => line.trim());
  return lines.slice(-3).join(" ").slice(-300) || "it said nothing";
}
