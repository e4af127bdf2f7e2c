/** What the tests of this folder start from: a configuration, a machine and an API that obey the test. */
import type { Config, PoolConfig } from "../../../src/config/config.ts";
import type {
  Deployment,
  MadeSchedule,
  NewSchedule,
  PrefectApi,
  Worker,
  WorkPool,
} from "../../../src/prefect/api/client.ts";
import type { Answer } from "../../../src/prefect/api/transport.ts";
import {
  type JobTemplate,
  launchCommand,
  withCommand,
} from "../../../src/prefect/declared/job-template.ts";
import type { DeclaredDeployment } from "../../../src/prefect/declared/prefect-yaml.ts";
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
  ...rest
}: Deep<Config> = {}): Config {
  return {
    file: "/etc/sails.yaml",
    stateDir: "/var/lib/sails",
    deployments: [],
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
    web: { listen: { host: "127.0.0.1", port: 9746 }, ...web },
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
  changes: Partial<DeclaredDeployment> = {},
): DeclaredDeployment => ({
  file: "/project/prefect.yaml",
  name,
  entrypoint: `flows/${name}.py:${name}`,
  poolName: "runs",
  selector: name,
  ...changes,
});

export const deployment = (name: string, changes: Partial<Deployment> = {}): Deployment => ({
  id: `id-${name}`,
  name,
  flowName: name,
  entrypoint: `flows/${name}.py:${name}`,
  poolName: "runs",
  command: undefined,
  schedules: [],
  ...changes,
});

export const away: Answer<never> = { kind: "unreachable", why: "nothing listens at http://x/api" };

export const refused = (status: number): Answer<never> => ({
  kind: "refused",
  status,
  why: `Prefect answered ${status}: so it is`,
});

const madeOf = (id: string, { slug, schedule, active }: NewSchedule): MadeSchedule => ({
  id: `${id}-${slug}`,
  slug,
  active,
  schedule,
});

/** Holds what Prefect would hold, and notes each call. What `answers` has for a call is said instead. */
export class ScriptedApi implements PrefectApi {
  readonly calls: string[] = [];
  pools_: WorkPool[] = [];
  deployments_: Deployment[] = [];
  workers_: Worker[] = [];
  readonly answers = new Map<string, Answer<never>>();
  /** In milliseconds, by the server's clock. */
  now = Date.parse("2026-01-01T12:00:00Z");
  /** After so many calls nobody answers any more. */
  diesAfter = Number.POSITIVE_INFINITY;

  get writes(): readonly string[] {
    return this.calls.filter((call) => /^(create|update|delete)/.test(call));
  }

  pools(): Promise<Answer<readonly WorkPool[]>> {
    return this.#answer("pools", () => [...this.pools_]);
  }

  createPool(made: Parameters<PrefectApi["createPool"]>[0]): Promise<Answer<unknown>> {
    return this.#answer(`create ${made.name}`, () => {
      const { name, type, concurrency_limit = null, base_job_template = {} } = made;
      this.pools_.push(onServer(name, { type, concurrency_limit, base_job_template }));
    });
  }

  updatePool(name: string, change: Partial<WorkPool>): Promise<Answer<unknown>> {
    return this.#answer(`update ${name} ${JSON.stringify(change)}`, () => {
      // Prefect notes the time of each change, of one that changes nothing too.
      const updated = new Date(this.now + this.calls.length).toISOString();
      this.pools_ = this.pools_.map((each) =>
        each.name === name ? { ...each, ...change, updated } : each,
      );
    });
  }

  workers(of: string): Promise<Answer<readonly Worker[]>> {
    return this.#answer(`workers ${of}`, () => this.workers_);
  }

  deployments(): Promise<Answer<readonly Deployment[]>> {
    return this.#answer("deployments", () => [...this.deployments_]);
  }

  createSchedules(id: string, schedules: readonly NewSchedule[]): Promise<Answer<unknown>> {
    return this.#answer(`create schedules ${id}`, () => {
      this.deployments_ = this.deployments_.map((each) =>
        each.id === id
          ? { ...each, schedules: [...each.schedules, ...schedules.map((one) => madeOf(id, one))] }
          : each,
      );
    });
  }

  updateSchedule(
    id: string,
    schedule: string,
    to: NewSchedule["schedule"],
  ): Promise<Answer<unknown>> {
    return this.#answer(`update schedule ${schedule}`, () =>
      this.#schedules(id, (all) =>
        all.map((one) => (one.id === schedule ? { ...one, schedule: to } : one)),
      ),
    );
  }

  deleteSchedule(id: string, schedule: string): Promise<Answer<unknown>> {
    return this.#answer(`delete schedule ${schedule}`, () =>
      this.#schedules(id, (all) => all.filter((one) => one.id !== schedule)),
    );
  }

  #schedules(id: string, change: (all: Deployment["schedules"]) => Deployment["schedules"]): void {
    this.deployments_ = this.deployments_.map((each) =>
      each.id === id ? { ...each, schedules: change(each.schedules) } : each,
    );
  }

  #answer<T>(call: string, perform: () => T): Promise<Answer<T>> {
    this.calls.push(call);
    if (this.calls.length > this.diesAfter) return Promise.resolve(away);
    const scripted = this.answers.get(call);
    return Promise.resolve(scripted ?? { kind: "ok", value: perform() });
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

  isExecutable(file: string): Promise<boolean> {
    this.asked.push(file);
    return Promise.resolve(this.executables.has(file));
  }

  cpuSeconds(): number | undefined {
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
