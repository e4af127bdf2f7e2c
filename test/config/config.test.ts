import { expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { configOf, makeFolder, optionsIn } from "./load-from.ts";

const hour = { timezone: "UTC", timeout: 3_600_000 };
const noJobs = (state: string) => ({
  backup: { ...hour, directory: `${state}/backups`, keep: 14, databases: [] },
  retention: { ...hour, cron: "47 4 * * *" },
  custom: [],
});

test("without a file, the default runs", async () => {
  expect(await configOf({ uid: 0 })).toEqual({
    stateDir: "/var/lib/sails-supervisor",
    jobs: noJobs("/var/lib/sails-supervisor"),
    prefect: { home: "/var/lib/sails-supervisor/prefect", profile: "server", env: {} },
    environment: {},
    server: { enabled: true, host: "127.0.0.1", port: 4200 },
    pools: [],
    deployments: [],
    checks: [],
    notify: [],
    concurrencyLimits: [],
    drift: { limits: "enforce", pools: "report", deployments: "report", schedules: "report" },
    services: [],
    web: { listen: { host: "127.0.0.1", port: 9746 }, security: undefined },
  });
});

const usually = (name: string, target: object) => ({
  name,
  target,
  every: 60_000,
  timeout: 10_000,
  failureThreshold: 2,
  successThreshold: 2,
});

test("a file that says everything", async () => {
  const yaml = `
prefect: {home: /data/prefect, env_file: p.env, profile: mine, env: {A: "1"}, api_url: "https://h/api/"}
environment: {project: ., path: env, python: "3.12"}
server: {enabled: false, host: "::1", port: 4300, public_url: "https://h/api", auth_file: auth, database_url: "sqlite+aiosqlite:////x.db"}
pools:
  - {name: vm runs, type: docker, concurrency_limit: 2, description: For all, queues: [{name: urgent, concurrency_limit: 0, priority: 1}, {name: rest}], workers: 3, requires: [arc, prefect-home], detached: false, drain_timeout: 1h, stop_timeout: 0s, strays: report, on_crash: reschedule, max_reschedules: 1}
deployments:
  - prefect_yaml: p.yaml
    prune: true
    schedules:
      - {deployment: f/n, cron: "*/15 0-6,22 L jan-mar fri#2", timezone: Europe/Berlin, active: false}
      - {deployment: f/n, interval: 90m}
      - {deployment: f/n, rrule: "DTSTART:20260101T000000\\nRRULE:FREQ=DAILY"}
checks:
  - {name: arc, mount: arc, every: 30s, timeout: 5s, failure_threshold: 3, success_threshold: 1}
  - {name: tool, command: [./tool, -q]}
  - {name: web, http: "https://h/health"}
  - {name: sync, file: ~/sync, max_age: 1h}
  - {name: there, file: /x}
  - {name: proxy, certificate: /p.pem}
  - {name: long, certificate: /p.pem, warn: 7d, fail: 2d}
  - {name: space, free_space: /data, min: 2GB}
  - {name: room, free_space: /data, min: 500MB, warn: 1.5GiB}
  - {name: default, free_space: /data}
concurrency_limits: [{name: archive, limit: 3}]
drift: {limits: report, pools: enforce, deployments: enforce, schedules: enforce}
services:
  - name: tunnel
    command: [./bin/tunnel, -N]
    env: {B: "2"}
    directory: work
    after: ["worker@vm runs:3", service@other]
    restart: on-failure
    restart_delay: 500ms
    restart_max_delay: 2m
    stable_after: 1h
    start_timeout: 24d
    stop_signal: SIGINT
    stop_timeout: 0s
    startup: {http: "http://h/x", period: 1s, timeout: 2s, failure_threshold: 30, success_threshold: 2}
    readiness: {tcp: "[::1]:5432"}
    liveness: {command: [pg_isready]}
  - {name: other, command: [sleep, inf]}
web: {listen: "[::1]:0"}
state_dir: state
`;
  const config = await configOf({ yaml, files: { "p.env": "", "p.yaml": "", auth: "u:p" } });
  const usual = { period: 10_000, timeout: 1000, failureThreshold: 3, successThreshold: 1 };
  expect(config).toEqual({
    file: "DIR/config.yaml",
    stateDir: "DIR/state",
    jobs: noJobs("DIR/state"),
    prefect: {
      home: "/data/prefect",
      envFile: "DIR/p.env",
      profile: "mine",
      env: { A: "1" },
      apiUrl: "https://h/api",
    },
    environment: { project: "DIR", path: "DIR/env", python: "3.12" },
    server: {
      enabled: false,
      host: "::1",
      port: 4300,
      publicUrl: "https://h/api",
      authFile: "DIR/auth",
      databaseUrl: "sqlite+aiosqlite:////x.db",
    },
    pools: [
      {
        name: "vm runs",
        type: "docker",
        concurrencyLimit: 2,
        description: "For all",
        queues: [{ name: "urgent", concurrencyLimit: 0, priority: 1 }, { name: "rest" }],
        workers: 3,
        requires: ["arc", "prefect-home"],
        detached: false,
        drainTimeout: 3_600_000,
        stopTimeout: 0,
        strays: "report",
        onCrash: "reschedule",
        maxReschedules: 1,
      },
    ],
    deployments: [
      {
        prefectYaml: "DIR/p.yaml",
        prune: true,
        schedules: [
          {
            deployment: "f/n",
            rule: { kind: "cron", cron: "*/15 0-6,22 L jan-mar fri#2" },
            timezone: "Europe/Berlin",
            active: false,
          },
          {
            deployment: "f/n",
            rule: { kind: "interval", interval: 5_400_000 },
            timezone: "UTC",
            active: true,
          },
          {
            deployment: "f/n",
            rule: { kind: "rrule", rrule: "DTSTART:20260101T000000\nRRULE:FREQ=DAILY" },
            timezone: "UTC",
            active: true,
          },
        ],
      },
    ],
    checks: [
      {
        name: "arc",
        target: { kind: "mount", path: "DIR/arc" },
        every: 30_000,
        timeout: 5000,
        failureThreshold: 3,
        successThreshold: 1,
      },
      usually("tool", { kind: "command", command: ["DIR/tool", "-q"] }),
      usually("web", { kind: "http", url: "https://h/health" }),
      usually("sync", { kind: "file", path: "DIR/home/sync", maxAge: 3_600_000 }),
      usually("there", { kind: "file", path: "/x" }),
      usually("proxy", {
        kind: "certificate",
        path: "/p.pem",
        warn: 172_800_000,
        fail: 3_600_000,
      }),
      usually("long", {
        kind: "certificate",
        path: "/p.pem",
        warn: 604_800_000,
        fail: 172_800_000,
      }),
      usually("space", { kind: "free-space", path: "/data", min: 2e9, warn: 4e9 }),
      usually("room", { kind: "free-space", path: "/data", min: 5e8, warn: 1_610_612_736 }),
      usually("default", { kind: "free-space", path: "/data", min: 1e9, warn: 2e9 }),
    ],
    notify: [],
    concurrencyLimits: [{ name: "archive", limit: 3 }],
    drift: { limits: "report", pools: "enforce", deployments: "enforce", schedules: "enforce" },
    services: [
      {
        name: "tunnel",
        command: ["DIR/bin/tunnel", "-N"],
        env: { B: "2" },
        directory: "DIR/work",
        after: ["worker@vm runs:3", "service@other"],
        restart: "on-failure",
        restartDelay: 500,
        restartMaxDelay: 120_000,
        stableAfter: 3_600_000,
        startTimeout: 2_073_600_000,
        stopSignal: "SIGINT",
        stopTimeout: 0,
        startup: {
          target: { kind: "http", url: "http://h/x" },
          period: 1000,
          timeout: 2000,
          failureThreshold: 30,
          successThreshold: 2,
        },
        readiness: { target: { kind: "tcp", host: "::1", port: 5432 }, ...usual },
        liveness: { target: { kind: "command", command: ["pg_isready"] }, ...usual },
      },
      {
        name: "other",
        command: ["sleep", "inf"],
        env: {},
        directory: "DIR/state",
        after: [],
        restart: "always",
        restartDelay: 1000,
        restartMaxDelay: 60_000,
        stableAfter: 60_000,
        startTimeout: 60_000,
        stopSignal: "SIGTERM",
        stopTimeout: 10_000,
      },
    ],
    web: { listen: { host: "::1", port: 0 }, security: undefined },
  });
});

test("nothing of it can be changed, however deep", async () => {
  await using folder = await makeFolder();
  await folder.write(
    "config.yaml",
    "services: [{name: a, command: [x], liveness: {tcp: 'h:1'}, env: {A: b}}]",
  );
  const loaded = await loadConfig(optionsIn(folder, { yaml: "" }));
  const thawed: unknown[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (!Object.isFrozen(value)) thawed.push(value);
    Object.values(value).forEach(visit);
  };
  visit(loaded.kind === "loaded" ? loaded.config : "faulty");
  expect(loaded.kind).toBe("loaded");
  expect(thawed).toEqual([]);
});
