/**
 * `npm run bench:declared`: what it takes to see that nothing differs, beyond the answers of Prefect's
 * API to the same questions; and a change of ten deployments beside `prefect deploy --all` by hand,
 * in turns, on one server.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import * as z from "zod";
import { findFreePort } from "../src/host/free-port.ts";
import { startBareServer } from "../test/support/bare-prefect-server.ts";
import { ask, askUntil } from "../test/support/prefect-server.ts";
import { complete } from "./complete.ts";
import { describeMachine, load } from "./machine.ts";
import { templateWithCommand } from "./our-template.ts";
import { root } from "./places.ts";
import { progress } from "./progress.ts";
import { median } from "./statistics.ts";
import { type Cell, ratio, table } from "./table.ts";
import { busyMs, openTimedProxy, type TimedProxy } from "./timed-proxy.ts";

const usage = `usage: npm run bench:declared -- [--rounds 5] [--plans 5] [--pools 100] [--deployments 500] [--environment PATH]
Build first (npm run build), as it is installed. Targets: a plan ≤ 1 s beyond the API, a change ≤ 1.2.`;

interface Sizes {
  /** Of a change, and of a plan; 0 leaves it out. */
  readonly rounds: number;
  readonly plans: number;
  readonly pools: number;
  readonly deployments: number;
  readonly environment: string;
}

const program = join(root, "bin/sails-supervisor");

async function main(sizes: Sizes): Promise<void> {
  const signal = interrupted();
  const loadBefore = load();
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "sails-bench-declared-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  progress("starts a server");
  const server = stack.use(await startBareServer(sizes.environment));
  const proxy = stack.use(await openTimedProxy(server.apiUrl));
  const changes = await tenChanges(join(folder, "ten"), sizes, server.apiUrl, signal);
  const plans = await quietPlans(join(folder, "many"), sizes, proxy, signal);
  const { cores, model, memoryGiB, kernel } = describeMachine();
  const beyond = plans.map(({ wall, api }) => wall - api);
  process.stdout.write(
    [
      "# What is declared",
      `${cores} cores (${model}), ${memoryGiB} GiB, Linux ${kernel}; load ${loadBefore.toFixed(1)} before, ${load().toFixed(1)} after.`,
      `## \`plan\` of ${sizes.pools} pools and ${sizes.deployments} deployments with no difference, ${plans.length} times`,
      spreadTable([
        ["the whole command", plans.map(({ wall }) => wall), ""],
        ["the API's answers to its questions", plans.map(({ api }) => api), ""],
        ["beyond them; target ≤ 1", beyond, ""],
      ]),
      `## A change of ten deployments, ${changes.length} times, in turns`,
      spreadTable([
        ["`prefect deploy --all` by hand", changes.map(({ theirs }) => theirs), "×1"],
        [
          "`apply`; target ≤ ×1.2",
          changes.map(({ ours }) => ours),
          ratio(
            median(changes.map(({ ours }) => ours)),
            median(changes.map(({ theirs }) => theirs)),
          ),
        ],
      ]),
      "",
    ].join("\n\n"),
  );
}

const spreadTable = (rows: readonly (readonly [string, readonly number[], string])[]): string =>
  table(
    ["seconds", "minimum", "median", "maximum", "÷ by hand"],
    rows.map(([what, figures, by]): readonly Cell[] =>
      figures.length === 0
        ? [what, undefined, undefined, undefined, undefined]
        : [what, Math.min(...figures), median(figures), Math.max(...figures), by],
    ),
  );

interface Change {
  readonly theirs: number;
  readonly ours: number;
}

async function tenChanges(
  folder: string,
  { rounds, environment }: Sizes,
  apiUrl: string,
  signal: AbortSignal,
): Promise<readonly Change[]> {
  if (rounds === 0) return [];
  progress("declares ten deployments");
  const names = Array.from({ length: 10 }, (_, i) => `d${i}`);
  await mkdir(join(folder, "project"), { recursive: true });
  await writeProject(join(folder, "project"), names, () => "runs");
  const config = await configure(folder, apiUrl, environment, ["runs"]);
  await using _ = await startDaemon(config, signal);
  await askUntil(
    () => ask<object[]>(apiUrl, "/deployments/filter", {}),
    (made) => made.length === names.length,
  );
  await untilNothingDiffers(config, signal);
  const changes: Change[] = [];
  // The first of each finds nothing in the machine's caches.
  for (let round = 0; round <= rounds; round += 1) {
    const env = { ...process.env, PREFECT_API_URL: apiUrl, PREFECT_HOME: join(folder, "by-hand") };
    const byHand = ["--no-prompt", "deploy", "--all"];
    const options = { cwd: join(folder, "project"), env, signal };
    const theirs = await seconds(() => complete(join(environment, "bin/prefect"), byHand, options));
    await writeCode(join(folder, "project"), names, `# ${round}`);
    const ours = await seconds(() => complete(program, ["apply", "--config", config], { signal }));
    progress(`by hand ${theirs.toFixed(2)} s, apply ${ours.toFixed(2)} s`);
    if (round > 0) changes.push({ theirs, ours });
  }
  return changes;
}

interface PlanTime {
  readonly wall: number;
  readonly api: number;
}

/** Its workers never start, for there is no environment: a hundred would need the whole machine. */
async function quietPlans(
  folder: string,
  sizes: Sizes,
  proxy: TimedProxy,
  signal: AbortSignal,
): Promise<readonly PlanTime[]> {
  const { apiUrl, exchanges } = proxy;
  if (sizes.plans === 0) return [];
  progress(`makes ${sizes.pools} pools and ${sizes.deployments} deployments`);
  const project = join(folder, "project");
  await mkdir(project, { recursive: true });
  const pools = Array.from({ length: sizes.pools }, (_, i) => `p${i}`);
  const names = Array.from({ length: sizes.deployments }, (_, i) => `m${i}`);
  const poolOf = (name: string): string => pools[Number(name.slice(1)) % pools.length] ?? "";
  await writeProject(project, names, poolOf);
  const template = await templateWithCommand(sizes.environment, signal);
  for (const name of pools) {
    const made = { name, type: "process", concurrency_limit: 2, base_job_template: template };
    await make(apiUrl, "/work_pools/", made);
  }
  for (const name of names) {
    const id = await make(apiUrl, "/flows/", { name });
    const entrypoint = `${name}.py:${name}`;
    const made = { name, flow_id: id, entrypoint, path: project, work_pool_name: poolOf(name) };
    await make(apiUrl, "/deployments/", made);
  }
  const config = await configure(folder, apiUrl, join(folder, "no-environment"), pools);
  await using _ = await startDaemon(config, signal);
  await untilNothingDiffers(config, signal);
  const plans: PlanTime[] = [];
  for (let round = 0; round < sizes.plans; round += 1) {
    const before = exchanges.length;
    const wall = await seconds(() => complete(program, ["plan", "--config", config], { signal }));
    const asked = exchanges.slice(before).filter(({ path }) => ofPlan.test(path));
    const api = busyMs(asked) / 1_000;
    progress(`plan ${wall.toFixed(2)} s, of which the API ${api.toFixed(2)} s`);
    plans.push({ wall, api });
  }
  return plans;
}

/** SQLite's, with nothing wrong: nothing is done then. */
async function make(apiUrl: string, path: string, body: object): Promise<string> {
  for (;;) {
    const response = await fetch(`${apiUrl}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (response.ok) return z.object({ id: z.string() }).parse(JSON.parse(text)).id;
    if (response.status !== 503) throw new Error(`${path}: ${response.status} ${text}`);
  }
}

/** The daemon asks for flow runs and workers besides. */
const ofPlan = /\/(work_pools|work_queues|concurrency_limits|deployments|flows)\/filter$/;

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return (performance.now() - from) / 1_000;
}

async function writeProject(
  folder: string,
  names: readonly string[],
  poolOf: (name: string) => string,
): Promise<void> {
  const deployments = names.map((name) => ({
    name,
    entrypoint: `${name}.py:${name}`,
    work_pool: { name: poolOf(name) },
  }));
  await writeFile(join(folder, "prefect.yaml"), stringify({ deployments }));
  await writeCode(folder, names, "");
}

const writeCode = (folder: string, names: readonly string[], more: string) =>
  Promise.all(
    names.map((name) =>
      writeFile(
        join(folder, `${name}.py`),
        `from prefect import flow\n\n\n@flow\ndef ${name.replaceAll("-", "_")}():\n    pass\n${more}\n`,
      ),
    ),
  );

async function configure(
  folder: string,
  apiUrl: string,
  environment: string,
  pools: readonly string[],
): Promise<string> {
  const file = join(folder, "config.yaml");
  const config = {
    state_dir: join(folder, "state"),
    web: { listen: `127.0.0.1:${await findFreePort()}` },
    prefect: { api_url: apiUrl },
    server: { enabled: false },
    environment: { path: environment },
    pools: pools.map((name) => ({ name, concurrency_limit: 2 })),
    deployments: [{ prefect_yaml: join(folder, "project", "prefect.yaml") }],
  };
  await writeFile(file, stringify(config));
  return file;
}

async function startDaemon(config: string, signal: AbortSignal): Promise<AsyncDisposable> {
  const daemon = spawn(program, ["run", "--config", config], { stdio: "ignore" });
  const ended = once(daemon, "exit");
  signal.addEventListener("abort", () => daemon.kill("SIGTERM"));
  return {
    [Symbol.asyncDispose]: async () => {
      daemon.kill("SIGTERM");
      await ended;
    },
  };
}

async function untilNothingDiffers(config: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const isSo = await complete(program, ["plan", "--config", config], { signal }).then(
      () => true,
      () => false,
    );
    if (isSo) return;
    await sleep(500, undefined, { signal });
  }
}

function interrupted(): AbortSignal {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () =>
      interruption.abort(new Error(`${signal}: ends what it has started`)),
    );
  }
  return interruption.signal;
}

try {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "5" },
      plans: { type: "string", default: "5" },
      pools: { type: "string", default: "100" },
      deployments: { type: "string", default: "500" },
      environment: { type: "string", default: ".tools/test-environments/survey" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) process.stdout.write(`${usage}\n`);
  else {
    await main({
      rounds: Number(values.rounds),
      plans: Number(values.plans),
      pools: Number(values.pools),
      deployments: Number(values.deployments),
      environment: resolve(values.environment),
    });
  }
} catch (error) {
  progress(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
