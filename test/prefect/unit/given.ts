/** What the tests of this folder start from: a configuration, a machine and an API that obey the test. */
import type { Config, PoolConfig } from "../../../src/config/config.ts";
import type { PoolChange, PrefectApi, Worker, WorkPool } from "../../../src/prefect/api/client.ts";
import type {
  DeclaredApi,
  Deployment,
  GlobalLimit,
  LateRun,
  NewSchedule,
  Schedule,
  WorkQueue,
} from "../../../src/prefect/api/declared.ts";
import type { Answer } from "../../../src/prefect/api/transport.ts";
import type { DeploymentSource } from "../../../src/prefect/declared/declared-files.ts";
import {
  type JobTemplate,
  launchCommand,
  withCommand,
} from "../../../src/prefect/declared/job-template.ts";
import type {
  CommandRequest,
  CommandResult,
  Machine,
  RunCommand,
} from "../../../src/prefect/ports.ts";
import { minutes, seconds } from "../../../src/supervision/time.ts";

export const signal = new AbortController().signal;

type Deep<T> = { readonly [K in keyof T]?: T[K] extends object ? Partial<T[K]> : T[K] };

export function configOf({
  prefect,
  server,
  environment,
  web,
  drift,
  ...rest
}: Deep<Config> = {}): Config {
  return {
    file: "/etc/sails.yaml",
    stateDir: "/var/lib/sails",
    deployments: [],
    concurrencyLimits: [],
    notify: [],
    pools: [],
    checks: [],
    services: [],
    jobs: noJobs,
    ...(rest as Partial<Config>),
    prefect: {
      home: "/data/prefect",
      envFile: undefined,
      profile: "server",
      env: {},
      apiUrl: undefined,
      ...prefect,
    },
    environment: { project: undefined, path: "/opt/env", python: undefined, ...environment },
    server: {
      enabled: true,
      host: "127.0.0.1",
      port: 4200,
      publicUrl: undefined,
      authFile: undefined,
      databaseUrl: undefined,
      ...server,
    },
    drift: {
      limits: "enforce",
      pools: "report",
      deployments: "report",
      schedules: "report",
      ...drift,
    },
    web: { listen: { host: "127.0.0.1", port: 9746 }, security: undefined, ...web },
  };
}

/** A disk on which all is written that is, and some may not be read. */
export function ledgerFiles(stored: Map<string, string>) {
  const locked = new Set<string>();
  return {
    locked,
    read: (path: string) => Promise.resolve(locked.has(path) ? undefined : stored.get(path)),
    write: (path: string, text: string) => {
      stored.set(path, text);
      return Promise.resolve();
    },
    exists: (path: string) => Promise.resolve(stored.has(path)),
    rename: (from: string, to: string) => {
      stored.set(to, stored.get(from) ?? "");
      stored.delete(from);
      locked.delete(from);
      return Promise.resolve();
    },
  };
}

/** As where the file says nothing of jobs. */
export const noJobs: Config["jobs"] = {
  backup: {
    cron: undefined,
    timezone: "UTC",
    timeout: minutes(60),
    directory: "/var/lib/sails/backups",
    keep: 14,
    databases: [],
  },
  retention: {
    cron: "47 4 * * *",
    timezone: "UTC",
    timeout: minutes(60),
    events: undefined,
    runs: undefined,
    offlineWorkers: undefined,
  },
  custom: [],
};

export const pool = (name: string, changes: Partial<PoolConfig> = {}): PoolConfig => ({
  name,
  type: "process",
  concurrencyLimit: undefined,
  description: undefined,
  queues: [],
  workers: 1,
  requires: [],
  detached: true,
  drainTimeout: minutes(720),
  stopTimeout: seconds(10),
  strays: "kill",
  onCrash: "leave",
  maxReschedules: 3,
  ...changes,
});

/** As Prefect's own begins, with less in it. */
export const defaultTemplate: JobTemplate = {
  job_configuration: { command: "{{ command }}" },
  variables: { type: "object", properties: { command: { title: "Command", default: null } } },
};

export const ourTemplate = withCommand(defaultTemplate, launchCommand);

export const onServer = (name: string, changes: Partial<WorkPool> = {}): WorkPool => ({
  name,
  type: "process",
  is_paused: false,
  concurrency_limit: null,
  base_job_template: ourTemplate,
  ...changes,
});

export const declared = (
  name: string,
  changes: Partial<DeploymentSource> = {},
): DeploymentSource => ({
  file: "/project/prefect.yaml",
  name,
  entrypoint: `flows/${name}.py:${name}`,
  poolName: "runs",
  selector: name,
  fingerprint: `entry ${name}`,
  description: undefined,
  tags: undefined,
  paused: false,
  schedules: [],
  code: "code",
  lock: "lock",
  ...changes,
});

export const deployment = (name: string, changes: Partial<Deployment> = {}): Deployment => {
  const entrypoint = "entrypoint" in changes ? changes.entrypoint : `flows/${name}.py:${name}`;
  const poolName = "poolName" in changes ? changes.poolName : "runs";
  return {
    id: `id-${name}`,
    updated: "2026-01-01T00:00:00Z",
    paused: false,
    name,
    flowName: name,
    command: undefined,
    schedules: [],
    settings: { entrypoint, work_pool: poolName, description: null, tags: [], parameters: {} },
    ...changes,
    entrypoint,
    poolName,
  };
};

/** Of somebody's, unless the slug is one of ours. */
export const scheduleOf = (id: string, changes: Partial<Schedule> = {}): Schedule => ({
  id,
  slug: null,
  active: true,
  schedule: { cron: "0 3 * * *", timezone: "UTC", day_or: true },
  parameters: {},
  max_scheduled_runs: null,
  ...changes,
});

export const away: Answer<never> = { kind: "unreachable", why: "nothing listens at http://x/api" };

export const refused = (status: number): Answer<never> => ({
  kind: "refused",
  status,
  why: `Prefect answered ${status}: so it is`,
});

/** Holds what Prefect would hold, and notes each call. What `answers` has for a call is said instead. */
export class ScriptedApi implements PrefectApi, DeclaredApi {
  readonly calls: string[] = [];
  pools_: WorkPool[] = [];
  queues_: WorkQueue[] = [];
  limits_: GlobalLimit[] = [];
  deployments_: Deployment[] = [];
  workers_: Worker[] = [];
  late: LateRun[] = [];
  readonly answers = new Map<string, Answer<never>>();
  /** In milliseconds, by the server's clock. */
  now = Date.parse("2026-01-01T12:00:00Z");
  /** After so many calls nobody answers any more. */
  diesAfter = Number.POSITIVE_INFINITY;
  /** Of how many writes one is refused with 503: half of them after it was made. */
  failsOneIn = Number.POSITIVE_INFINITY;
  #writes = 0;
  #made = 0;

  get writes(): readonly string[] {
    return this.calls.filter((call) => /^(create|update|delete|pause|resume)/.test(call));
  }

  pools(): Promise<Answer<readonly WorkPool[]>> {
    return this.#answer("pools", () => [...this.pools_]);
  }

  createPool(made: Parameters<PrefectApi["createPool"]>[0]): Promise<Answer<unknown>> {
    return this.#answer(`create ${made.name}`, () => {
      const { name, type, concurrency_limit = null, description, base_job_template = {} } = made;
      if (this.pools_.some((each) => each.name === name)) return;
      const about = { concurrency_limit, description, base_job_template };
      this.pools_.push(onServer(name, { type, ...about }));
    });
  }

  updatePool(name: string, change: PoolChange): Promise<Answer<unknown>> {
    return this.#answer(`update ${name} ${JSON.stringify(change)}`, () => {
      // Prefect notes the time of each change, of one that changes nothing too.
      const updated = new Date(this.now + this.calls.length).toISOString();
      this.pools_ = this.pools_.map((each) =>
        each.name === name ? { ...each, ...(change as Partial<WorkPool>), updated } : each,
      );
      const known = change as Partial<WorkPool>;
      this.pools_ = this.pools_.map((each) => (each.name === name ? { ...each, ...known } : each));
    });
  }

  workers(of: string): Promise<Answer<readonly Worker[]>> {
    return this.#answer(`workers ${of}`, () => this.workers_);
  }

  queues(): Promise<Answer<readonly WorkQueue[]>> {
    return this.#answer("queues", () => [...this.queues_]);
  }

  createQueue(poolName: string, queue: { readonly name: string }): Promise<Answer<unknown>> {
    return this.#answer(`create queue ${poolName}/${queue.name}`, () => {
      if (
        this.queues_.some(({ name, work_pool_name: of }) => name === queue.name && of === poolName)
      )
        return;
      const lowest = Math.max(0, ...this.queues_.map(({ priority }) => priority));
      this.queues_.push({ priority: lowest + 1, ...queue, work_pool_name: poolName });
      this.#shift(poolName, queue.name);
    });
  }

  updateQueue(poolName: string, name: string, change: object): Promise<Answer<unknown>> {
    return this.#answer(`update queue ${poolName}/${name} ${JSON.stringify(change)}`, () => {
      this.queues_ = this.queues_.map((each) =>
        each.name === name && each.work_pool_name === poolName ? { ...each, ...change } : each,
      );
      this.#shift(poolName, name);
    });
  }

  /** As Prefect does: who is in the way is moved one place down. */
  #shift(poolName: string, first: string): void {
    const ranked = this.queues_
      .filter((each) => each.work_pool_name === poolName)
      .toSorted((a, b) => a.priority - b.priority || (a.name === first ? -1 : 1));
    let last = 0;
    for (const queue of ranked) {
      if (queue.priority <= last) queue.priority = last + 1;
      last = queue.priority;
    }
  }

  limits(): Promise<Answer<readonly GlobalLimit[]>> {
    return this.#answer("limits", () => [...this.limits_]);
  }

  createLimit(limit: GlobalLimit): Promise<Answer<unknown>> {
    return this.#answer(`create limit ${limit.name}`, () => {
      if (!this.limits_.some(({ name }) => name === limit.name)) this.limits_.push(limit);
    });
  }

  updateLimit(name: string, limit: number): Promise<Answer<unknown>> {
    return this.#answer(`update limit ${name} ${limit}`, () => {
      this.limits_ = this.limits_.map((each) => (each.name === name ? { name, limit } : each));
    });
  }

  deployments(): Promise<Answer<readonly Deployment[]>> {
    return this.#answer("deployments", () => [...this.deployments_]);
  }

  deploymentState(id: string): Promise<Answer<Deployment>> {
    const found = this.deployments_.find((each) => each.id === id);
    if (found === undefined) return Promise.resolve(refused(404));
    return this.#answer(`state ${id}`, () => found);
  }

  setPaused(id: string, paused: boolean): Promise<Answer<unknown>> {
    return this.#answer(`${paused ? "pause" : "resume"} ${id}`, () => this.edit(id, { paused }));
  }

  deleteDeployment(id: string): Promise<Answer<unknown>> {
    return this.#answer(`delete ${id}`, () => {
      this.deployments_ = this.deployments_.filter((each) => each.id !== id);
    });
  }

  createSchedule(id: string, made: NewSchedule): Promise<Answer<unknown>> {
    return this.#answer(`create schedule ${id} ${made.slug ?? "unnamed"}`, () => {
      const schedules = this.schedulesOf(id);
      const hasSlug = made.slug !== undefined && made.slug !== null;
      if (hasSlug && schedules.some(({ slug }) => slug === made.slug)) return;
      this.edit(id, { schedules: [...schedules, this.newSchedule(made)] });
    });
  }

  updateSchedule(id: string, which: string, change: Partial<Schedule>): Promise<Answer<unknown>> {
    return this.#answer(`update schedule ${id} ${JSON.stringify(change)}`, () =>
      this.edit(id, {
        schedules: this.schedulesOf(id).map((each) =>
          each.id === which ? { ...each, ...change } : each,
        ),
      }),
    );
  }

  deleteSchedule(id: string, which: string): Promise<Answer<unknown>> {
    return this.#answer(`delete schedule ${id}`, () =>
      this.edit(id, { schedules: this.schedulesOf(id).filter((each) => each.id !== which) }),
    );
  }

  lateRuns(): Promise<Answer<readonly LateRun[]>> {
    return this.#answer("late runs", () => this.late);
  }

  schedulesOf(id: string): readonly Schedule[] {
    return this.deployments_.find((each) => each.id === id)?.schedules ?? [];
  }

  edit(id: string, change: Partial<Deployment>): void {
    this.#made += 1;
    const updated = `2026-01-02T00:00:00.${this.#made}Z`;
    this.deployments_ = this.deployments_.map((each) =>
      each.id === id ? { ...each, updated, ...change } : each,
    );
  }

  newSchedule({ slug, active, schedule, parameters = {} }: NewSchedule): Schedule {
    this.#made += 1;
    return scheduleOf(`s-${this.#made}`, {
      slug: slug ?? null,
      active: active ?? true,
      schedule,
      parameters,
    });
  }

  /** What `prefect deploy` does to the server: a new one, or a replaced one, set going. */
  deploy(name: string, changes: Partial<Deployment> = {}, schedules: readonly NewSchedule[] = []) {
    const id = `id-${name}`;
    if (!this.deployments_.some((each) => each.id === id)) {
      this.deployments_.push(deployment(name, changes));
    }
    const replaced = schedules.map((each) => this.newSchedule(each));
    const kept = replaced.length > 0 ? replaced : this.schedulesOf(id);
    const { updated: _, ...made } = deployment(name, changes);
    this.edit(id, { ...made, schedules: kept });
  }

  #answer<T>(call: string, perform: () => T): Promise<Answer<T>> {
    this.calls.push(call);
    if (this.calls.length > this.diesAfter) return Promise.resolve(away);
    const scripted = this.answers.get(call);
    if (scripted !== undefined) return Promise.resolve(scripted);
    const isWrite =
      this.writes.at(-1) === call && /^(create|update|delete|pause|resume)/.test(call);
    if (isWrite) this.#writes += 1;
    if (isWrite && this.#writes % this.failsOneIn === 0) {
      if (this.#writes % (2 * this.failsOneIn) === 0) perform();
      return Promise.resolve(refused(503));
    }
    return Promise.resolve({ kind: "ok", value: perform() });
  }
}

export class ScriptedMachine implements Machine {
  readonly hostname = "vm1";
  readonly taken = new Map<string, string>();
  readonly unwritable = new Map<string, string>();
  readonly executables = new Set<string>();
  readonly asked: string[] = [];
  readonly probed: string[] = [];

  portTrouble(host: string, port: number): Promise<string | undefined> {
    return Promise.resolve(this.taken.get(`${host}:${port}`));
  }

  whyNotWritable(folder: string): Promise<string | undefined> {
    this.asked.push(folder);
    return Promise.resolve(this.unwritable.get(folder));
  }

  readonly links = new Map<string, string>();

  async linkTarget(path: string): Promise<string | undefined> {
    return this.links.get(path);
  }

  isExecutable(file: string): Promise<boolean> {
    this.asked.push(file);
    return Promise.resolve(this.executables.has(file));
  }

  cpuSeconds(): number | undefined {
    return undefined;
  }

  readonly stopped = new Set<number>();
  health: "ok" | "unresponsive" | "silent" = "ok";

  isStopped(pid: number): boolean {
    return this.stopped.has(pid);
  }

  async healthOf(): Promise<"ok" | "unresponsive" | "silent"> {
    return this.health;
  }

  async bytesOf(): Promise<number | undefined> {
    return undefined;
  }

  httpProbe(url: string): ReturnType<Machine["httpProbe"]> {
    this.probed.push(url);
    return () => Promise.resolve({ kind: "pass" });
  }
}

/** Commands that answer what the test says, and what they were asked. */
export function scriptedRun(answer: (words: readonly string[]) => Partial<CommandResult>) {
  const requests: CommandRequest[] = [];
  const run: RunCommand = (request) => {
    requests.push(request);
    return Promise.resolve({ isOk: true, how: "", output: "", ...answer(request.command) });
  };
  return { run, requests };
}

export const failed = (output: string): CommandResult => ({
  isOk: false,
  how: "exited with status 1",
  output,
});

/** The names after `-n`. */
export const namesIn = (command: readonly string[]): readonly string[] =>
  command.filter((_, index) => command[index - 1] === "-n");
