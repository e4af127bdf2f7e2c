/**
 * Makes the deployments of a `prefect.yaml` that the server does not have. Those that exist are
 * left alone: `prefect deploy` would replace their schedules and lift their pauses.
 */
import { basename, dirname } from "node:path";
import type { Deployment } from "../api/client.ts";
import type { Answer } from "../api/transport.ts";
import type { CommandRequest, RunCommand } from "../ports.ts";
import type { DeclaredDeployment } from "./prefect-yaml.ts";

export interface DeploymentPlan {
  readonly missing: readonly DeclaredDeployment[];
  /** They name a pool that neither the configuration nor the server has. */
  readonly withoutPool: readonly DeclaredDeployment[];
}

/** @param pools names of the pools that are declared or on the server */
export function planDeployments(
  declared: readonly DeclaredDeployment[],
  actual: readonly Deployment[],
  pools: ReadonlySet<string>,
): DeploymentPlan {
  const missing = declared.filter((entry) => !actual.some((made) => isMade(entry, made)));
  const hasPool = ({ poolName }: DeclaredDeployment) =>
    poolName === undefined || isTemplate(poolName) || pools.has(poolName);
  return {
    missing: missing.filter(hasPool),
    withoutPool: declared.filter((entry) => !hasPool(entry)),
  };
}

export const isMade = (entry: DeclaredDeployment, made: Deployment): boolean =>
  fits(entry.name, made.name) &&
  (entry.entrypoint === undefined || fits(entry.entrypoint, made.entrypoint ?? ""));

/** `{{ … }}` is filled in by Prefect: what will stand there is not known here. */
const template = /\{\{.*?\}\}/;

const isTemplate = (value: string): boolean => template.test(value);

function fits(declared: string, actual: string): boolean {
  const pattern = declared
    .split(template)
    .map((part) => RegExp.escape(part))
    .join(".*");
  return new RegExp(`^${pattern}$`, "s").test(actual);
}

export interface DeployDeps {
  readonly run: RunCommand;
  readonly program: string;
  readonly env: CommandRequest["env"];
  readonly signal: AbortSignal;
  /** Which of these the server does not have now. */
  readonly stillMissing: (
    entries: readonly DeclaredDeployment[],
  ) => Promise<Answer<readonly DeclaredDeployment[]>>;
}

export interface DeployFailure {
  readonly deployment: DeclaredDeployment;
  readonly why: string;
}

type Failures = Answer<readonly DeployFailure[]>;

/**
 * All of one file at once, for the start of Prefect's command line costs seconds; then, because it
 * stops at the first error, each of those that are still missing by its own name. Once the server
 * no longer says what it has, nothing more is tried.
 */
export async function deploy(
  missing: readonly DeclaredDeployment[],
  deps: DeployDeps,
): Promise<Failures> {
  const failures: DeployFailure[] = [];
  for (const entries of Object.values(Object.groupBy(missing, ({ file }) => file))) {
    if (entries === undefined) continue;
    const ofFile = await deployFile(entries, deps);
    if (ofFile.kind !== "ok") return ofFile;
    failures.push(...ofFile.value);
  }
  return { kind: "ok", value: failures };
}

async function deployFile(
  entries: readonly DeclaredDeployment[],
  deps: DeployDeps,
): Promise<Failures> {
  const together = await deployNames(entries, deps);
  // Status 0 proves nothing: names that it did not find are skipped.
  const left = await deps.stillMissing(entries);
  if (left.kind !== "ok") return left;
  const failed = (deployment: DeclaredDeployment, why: string) => ({ deployment, why });
  if (entries.length === 1) {
    return { kind: "ok", value: left.value.map((entry) => failed(entry, together)) };
  }
  const failures: DeployFailure[] = [];
  for (const entry of left.value) {
    const why = await deployNames([entry], deps);
    const still = await deps.stillMissing([entry]);
    if (still.kind !== "ok") return still;
    if (still.value.length > 0) failures.push(failed(entry, why));
  }
  return { kind: "ok", value: failures };
}

/** What it said, in case that the deployments are not there after it. */
async function deployNames(
  entries: readonly DeclaredDeployment[],
  { run, program, env, signal }: DeployDeps,
): Promise<string> {
  const [first] = entries;
  if (first === undefined) return "";
  const names = entries.flatMap(({ selector }) => ["-n", selector]);
  const result = await run({
    command: [program, "--no-prompt", "deploy", "--prefect-file", basename(first.file), ...names],
    // It imports the flows, and nothing may be written into the project's folder.
    env: { ...env, PYTHONDONTWRITEBYTECODE: "1" },
    // Entrypoints are relative to the folder, and Prefect notes it as the place of the code.
    directory: dirname(first.file),
    timeoutMs: 60_000 + 30_000 * entries.length,
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
