/** From the keys of the file to the shape that the program works with. Decides nothing. */

import type { Millis } from "../supervision/time.ts";
import { parseAddress } from "./address.ts";
import type {
  Address,
  Config,
  CustomJobConfig,
  JobsConfig,
  ProbeConfig,
  ProbeTarget,
  ScheduleRule,
  WebSecurity,
} from "./config.ts";
import type { Settings } from "./defaults.ts";
import { parseDuration } from "./duration.ts";
import { toCheck } from "./to-check.ts";

export function toConfig(
  settings: Settings,
  file: string | undefined,
  security: WebSecurity | undefined,
): Config {
  const { prefect, environment, server } = settings;
  return deepFreeze({
    file,
    stateDir: settings.state_dir,
    prefect: {
      home: prefect.home,
      envFile: prefect.env_file,
      profile: prefect.profile,
      env: prefect.env,
      apiUrl: server.enabled ? undefined : bare(prefect.api_url),
    },
    environment: {
      project: environment.project,
      path: environment.path,
      python: environment.python,
    },
    server: {
      enabled: server.enabled,
      host: server.host,
      port: server.port,
      publicUrl: bare(server.public_url),
      authFile: server.auth_file,
      databaseUrl: server.database_url,
    },
    pools: settings.pools.map((pool) => ({
      name: pool.name,
      type: pool.type,
      concurrencyLimit: pool.concurrency_limit,
      description: pool.description,
      queues: pool.queues.map((queue) => ({
        name: queue.name,
        concurrencyLimit: queue.concurrency_limit,
        priority: queue.priority,
      })),
      workers: pool.workers,
      requires: pool.requires,
      detached: pool.detached,
      drainTimeout: millis(pool.drain_timeout),
      stopTimeout: millis(pool.stop_timeout),
      strays: pool.strays,
      onCrash: pool.on_crash,
      maxReschedules: pool.max_reschedules,
    })),
    deployments: settings.deployments.map((entry) => ({
      prefectYaml: entry.prefect_yaml,
      prune: entry.prune,
      schedules: entry.schedules.map((schedule) => ({
        deployment: schedule.deployment,
        rule: ruleOf(schedule),
        timezone: schedule.timezone,
        active: schedule.active,
      })),
    })),
    checks: settings.checks.map(toCheck),
    notify: settings.notify.map(toNotify),
    concurrencyLimits: settings.concurrency_limits,
    drift: settings.drift,
    services: settings.services.map(toService),
    jobs: toJobs(settings.jobs),
    web: { listen: address(settings.web.listen), security },
  });
}

const toNotify = (target: Settings["notify"][number]): Config["notify"][number] => ({
  name: target.name,
  target:
    target.url === undefined
      ? { kind: "command", command: checked(target.command) }
      : { kind: "url", url: target.url },
  on: target.on,
  minInterval: millis(target.min_interval),
  timeout: millis(target.timeout),
});

const toJobs = ({ backup, retention, custom }: Settings["jobs"]): JobsConfig => ({
  backup: {
    cron: backup.cron,
    timezone: backup.timezone,
    timeout: millis(backup.timeout),
    directory: backup.directory,
    keep: backup.keep,
    databases: backup.databases,
  },
  retention: {
    cron: retention.cron,
    timezone: retention.timezone,
    timeout: millis(retention.timeout),
    events: optionalMillis(retention.events),
    runs: optionalMillis(retention.runs),
    offlineWorkers: optionalMillis(retention.offline_workers),
  },
  custom: custom.map((job) => ({
    name: job.name,
    cron: job.cron,
    timezone: job.timezone,
    timeout: millis(job.timeout),
    work: workOf(job),
  })),
});

function workOf({
  command,
  deployment,
}: Settings["jobs"]["custom"][number]): CustomJobConfig["work"] {
  if (deployment !== undefined) return { kind: "deployment", deployment };
  const [program, ...args] = checked(command);
  return { kind: "command", command: [checked(program), ...args] };
}

const toService = (service: Settings["services"][number]): Config["services"][number] => ({
  name: service.name,
  command: service.command,
  env: service.env,
  directory: service.directory,
  after: service.after,
  restart: service.restart,
  restartDelay: millis(service.restart_delay),
  restartMaxDelay: millis(service.restart_max_delay),
  stableAfter: millis(service.stable_after),
  startTimeout: millis(service.start_timeout),
  stopSignal: service.stop_signal,
  stopTimeout: millis(service.stop_timeout),
  startup: toProbe(service.startup),
  readiness: toProbe(service.readiness),
  liveness: toProbe(service.liveness),
});

type Probe = Settings["services"][number]["startup"];

function toProbe(probe: Probe): ProbeConfig | undefined {
  return (
    probe && {
      target: targetOf(probe),
      period: millis(probe.period),
      timeout: millis(probe.timeout),
      failureThreshold: probe.failure_threshold,
      successThreshold: probe.success_threshold,
    }
  );
}

function targetOf(probe: NonNullable<Probe>): ProbeTarget {
  if (probe.http !== undefined) return { kind: "http", url: probe.http };
  if (probe.tcp !== undefined) return { kind: "tcp", ...address(probe.tcp) };
  return { kind: "command", command: checked(probe.command) };
}

function ruleOf(schedule: Settings["deployments"][number]["schedules"][number]): ScheduleRule {
  if (schedule.cron !== undefined) return { kind: "cron", cron: schedule.cron };
  if (schedule.rrule !== undefined) return { kind: "rrule", rrule: schedule.rrule };
  return { kind: "interval", interval: millis(checked(schedule.interval)) };
}

/** Paths are put behind it. */
const bare = (url: string | undefined): string | undefined => url?.replace(/\/+$/, "");

const optionalMillis = (text: string | undefined): Millis | undefined =>
  text === undefined ? undefined : millis(text);
const millis = (text: string): Millis => checked(parseDuration(text));
const address = (text: string): Address => checked(parseAddress(text));

/** What the schema and the relations have let through is there. */
function checked<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a value that was checked is missing");
  return value;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    for (const below of Object.values(value)) deepFreeze(below);
    Object.freeze(value);
  }
  return value;
}
