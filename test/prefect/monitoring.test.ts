/**
 * What Prometheus sees of a real installation: the faults that alerts are for are provoked, each alert
 * fires and ends, and each panel of the dashboard has something to show. Which cannot be is told.
 */
import { rename, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import * as z from "zod";
import { queriesWith } from "../../scripts/dashboard.ts";
import { sendOnce, sendPersistently } from "../../src/prefect/api/transport.ts";
import { kill, Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { askUntil } from "../support/prefect-server.ts";
import { Prometheus } from "../support/prometheus.ts";
import { shortRules } from "../support/short-rules.ts";

/** Why no test of some minutes can bring them about; promtool tries their rules. */
const notProvoked: Readonly<Record<string, string>> = {
  SailsUnitOOMKilled: "the machine would have to run out of memory",
  SailsFlowRunOOMKilled: "the machine would have to run out of memory",
  SailsPrefectCollectorStale: "a server that answers some questions only",
  SailsFileDescriptorsLow: "hundreds of connections",
  SailsPrefectDatabaseWalLarge: "a gibibyte of writes",
  SailsDeadRunHoldsSlot: "a guardian that fails while the server answers",
  SailsRunRecoveryFailing: "a server that refuses states",
  SailsAdoptionFailed: "a process id that is used again",
  SailsEnvironmentSyncFailing: "a project whose environment cannot be built",
  SailsVolumeFull: "a volume that is full",
};

/** Panels that show nothing where all is well, or where there is no such thing. */
const emptyPanels: Readonly<Record<string, string>> = {
  Environment: "it is not one that the supervisor has built",
};

const id = z.object({ id: z.string() });

test("each fault that can be provoked is told and taken back, and the panels show it all", async (ctx) => {
  const environment = environmentOf("survey", ctx);
  await using place = await Workplace.make({});
  const { directory, apiUrl } = place;
  const gate = join(directory, "gate");
  const healthy = join(directory, "healthy");
  const config = {
    prefect: { env: { PREFECT_WORKER_HEARTBEAT_SECONDS: "5", PREFECT_WORKER_QUERY_SECONDS: "2" } },
    environment: { path: environment },
    server: { port: place.serverPort },
    pools: [
      { name: "runs", description: "as declared", requires: ["gate"], concurrency_limit: 8 },
      { name: "stuck" },
    ],
    checks: [{ name: "gate", file: gate, every: "1s", failure_threshold: 1, success_threshold: 1 }],
    services: [
      {
        name: "flappy",
        command: ["sh", "-c", `test -e ${healthy} && exec sleep 1000; exit 1`],
      },
    ],
    jobs: {
      backup: { cron: "17 3 * * *" },
      custom: [{ name: "broken", cron: "* * * * *", command: ["false"] }],
    },
  };
  await writeFile(gate, "");
  await place.configure(config);

  const { rules, alerts } = await shortRules("monitoring/rules/sails-supervisor.yml");
  const rulesFile = join(directory, "rules.yml");
  const targets = join(directory, "targets.json");
  await writeFile(rulesFile, stringify(rules));
  await writeFile(targets, "[]");
  await using prometheus = await Prometheus.start(
    {
      global: { scrape_interval: "1s", scrape_timeout: "1s", evaluation_interval: "1s" },
      rule_files: [rulesFile],
      scrape_configs: [
        {
          job_name: "sails-supervisor",
          file_sd_configs: [{ files: [targets], refresh_interval: "1s" }],
        },
      ],
    },
    ctx,
  );
  const provoked = new Set<string>();
  const fires = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) {
      provoked.add(name);
      await askUntil(
        () =>
          prometheus.query(`max_over_time(ALERTS{alertname="${name}",alertstate="firing"}[10m])`),
        (found) => found.length > 0,
      );
    }
  };
  const ends = async (...names: readonly string[]): Promise<void> => {
    await askUntil(
      () => prometheus.alerts(),
      (now) => now.every(({ labels }) => !names.includes(labels["alertname"] ?? "")),
    );
  };
  await fires("SailsSupervisorAbsent");
  const target = [{ targets: [place.webUrl.replace("http://", "")] }];
  await writeFile(`${targets}.new`, JSON.stringify(target));
  await rename(`${targets}.new`, targets);

  // A service that dies again and again, and a server that somebody has stopped.
  let daemon = place.start();
  await daemon.listens();
  expect((await place.run("stop", "server")).status).toBe(0);
  const flappyEnds = fires("SailsUnitDown", "SailsUnitCrashLooping", "SailsUnitBreakerOpen")
    // Its breaker lets it start seldom: whether enough of its starts are seen is chance without these.
    .then(() => whileRestarted(place, "service@flappy", fires("SailsUnitRestarting")))
    .then(async () => {
      await writeFile(healthy, "");
      expect((await place.run("restart", "service@flappy")).status).toBe(0);
    });
  await fires("SailsPrefectApiDown", "SailsPrefectApiErrorBudgetBurn");
  expect((await place.run("start", "server")).status).toBe(0);
  await daemon.untilUnit("server", ({ ready }) => ready);

  const send = sendPersistently(
    sendOnce({ url: apiUrl, auth: undefined, requestTimeoutMs: 60_000 }),
  );
  const write = async <T>(
    method: "POST" | "PATCH",
    path: string,
    body: object,
    schema: z.ZodType<T>,
  ): Promise<T> => {
    const signal = new AbortController().signal;
    const answer = await send({ method, path, body }, (said) => schema.parse(said), signal);
    if (answer.kind !== "ok") throw new Error(`${path}: ${answer.why}`);
    return answer.value;
  };
  const post = (path: string, body: object) =>
    write("POST", path, body, id).then((made) => made.id);
  const workers = await Promise.all([
    daemon.untilUnit("worker@stuck", ({ ready }) => ready),
    daemon.untilUnit("worker@runs", ({ ready }) => ready),
  ]);

  // Nobody runs these flows: their states are set by hand.
  const flow = await post("/flows/", { name: "nothing" });
  const deploy = (name: string, pool: string, more: object = {}) =>
    post("/deployments/", { name, flow_id: flow, work_pool_name: pool, ...more });
  const rrule = "DTSTART:20200101T000000\nRRULE:FREQ=DAILY;UNTIL=20200201T000000";
  const ended = await deploy("ended", "stuck", {
    schedules: [{ active: true, schedule: { rrule } }],
  });
  const byHand = await deploy("by-hand", "runs");
  const later = new Date(Date.now() + 86_400_000).toISOString();
  const runOf = (deployment: string, when: string) =>
    post(`/deployments/${deployment}/create_flow_run`, {
      state: { type: "SCHEDULED", state_details: { scheduled_time: when } },
    });
  const become = (run: string, type: string) =>
    write("POST", `/flow_runs/${run}/set_state`, { state: { type }, force: true }, z.unknown());
  const stuck = workers[0].pid;
  if (stuck === null) throw new Error("the worker has no process");
  process.kill(stuck, "SIGSTOP");
  const overdue = await runOf(ended, new Date().toISOString());
  for (let each = 0; each < 5; each += 1) {
    const failing = await runOf(byHand, later);
    await become(failing, "RUNNING");
    await become(failing, "FAILED");
    const dead = await runOf(byHand, later);
    const labels = { "prefect.worker.name": `${hostname()}-runs` };
    await write("PATCH", `/flow_runs/${dead}/labels`, labels, z.unknown());
    await become(dead, "RUNNING");
  }

  // Something else than what is declared.
  const describe = (description: string) =>
    write("PATCH", "/work_pools/runs", { description }, z.unknown());
  await describe("by hand");
  expect((await place.run("reload")).status).toBe(0);
  await fires("SailsNotConverged");
  await describe("as declared");
  expect((await place.run("reload")).status).toBe(0);

  // A configuration with a fault.
  await place.configure({ ...config, colour: "red" });
  expect((await place.run("reload")).status).toBe(1);
  await fires("SailsConfigReloadFailed");
  await place.configure(config);
  expect((await place.run("reload")).status).toBe(0);

  await rm(gate);
  await fires("SailsCheckFailing", "SailsPoolPausedForLong");
  await writeFile(gate, "");

  expect((await place.run("backup")).status).toBe(0);
  await fires("SailsBackupTooOld");
  await flappyEnds;
  await fires("SailsJobFailed");

  await fires("SailsWorkerHeartbeatStale", "SailsLateFlowRuns", "SailsWorkPoolNotReady");
  await fires(
    "SailsSchedulerStalled",
    "SailsFlowRunsCrashedByProcessDeath",
    "SailsFlowRunsFailing",
  );
  process.kill(stuck, "SIGCONT");
  await runOf(ended, later);
  await become(overdue, "CANCELLED");
  // While the pools are told of, before a daemon that is new knows nothing of them.
  await ends("SailsSchedulerStalled", "SailsLateFlowRuns");

  const panels = queriesWith('job="sails-supervisor"', "40s");
  const shows = async (query: string): Promise<boolean> => {
    const found = await prometheus.query(`max_over_time((${query})[10m:2s])`);
    return found.some(({ value: [, value] }) => value !== "NaN");
  };
  const empty: string[] = [];
  for (const [title, query] of panels) if (!(await shows(query))) empty.push(title);

  // A daemon that hangs for a while, and one that dies again and again.
  process.kill(daemon.pid, "SIGSTOP");
  await fires("SailsSupervisorDown");
  process.kill(daemon.pid, "SIGCONT");
  await ends("SailsSupervisorDown");
  await whileHeldUp(daemon.pid, fires("SailsEventLoopLagHigh"));
  for (let death = 0; death < 3; death += 1) {
    const starts = "count_values('start', process_start_time_seconds)";
    const [before] = await prometheus.query(starts);
    kill(daemon.pid);
    await daemon.ended();
    daemon = place.start();
    await askUntil(
      () => prometheus.query(starts),
      ([now]) => now !== undefined && now.metric["start"] !== before?.metric["start"],
    );
  }
  await fires("SailsSupervisorCrashLooping");
  await daemon.untilReady();
  expect((await place.run("backup")).status).toBe(0);
  await ends("SailsBackupTooOld");
  // Where a minute is long, the job would fail again, and the backup is old within seconds.
  await place.configure({ ...config, jobs: {} });
  expect((await place.run("reload")).status).toBe(0);
  await ends(...[...alerts].filter((name) => name !== "SailsBackupTooOld"));

  const states = await prometheus.rules();
  expect(states.filter(({ health }) => health !== "ok")).toEqual([]);
  const left = [...alerts].filter((name) => !provoked.has(name));
  console.log(`${provoked.size} alerts were seen to fire and to end; not provoked: ${left.length}`);
  for (const name of left) console.log(`  ${name}: ${notProvoked[name]}`);
  expect(left.toSorted((one, other) => one.localeCompare(other))).toEqual(
    Object.keys(notProvoked).toSorted((one, other) => one.localeCompare(other)),
  );
  console.log(`${panels.length - empty.length} of ${panels.length} panels had something to show`);
  for (const title of empty) console.log(`  ${title}: ${emptyPanels[title]}`);
  expect(empty).toEqual(Object.keys(emptyPanels));
});

async function whileRestarted(place: Workplace, unit: string, awaited: Promise<void>) {
  const over = new AbortController();
  void awaited.finally(() => over.abort());
  while (!over.signal.aborted) await place.run("restart", unit, "--no-wait");
  await awaited;
}

/** Stops a process for more than half of the time, for so long as something is awaited. */
async function whileHeldUp(pid: number, awaited: Promise<void>): Promise<void> {
  const over = new AbortController();
  void awaited.finally(() => over.abort());
  while (!over.signal.aborted) {
    process.kill(pid, "SIGSTOP");
    await sleep(700);
    process.kill(pid, "SIGCONT");
    await sleep(200, undefined, { signal: over.signal }).catch(() => undefined);
  }
  await awaited;
}
