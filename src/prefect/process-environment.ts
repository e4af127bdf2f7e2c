/** The environment variables of Prefect's processes. */
import { delimiter, join } from "node:path";
import type { Config, EnvironmentVariables, PoolConfig } from "../config/config.ts";
import { isDetached } from "./declared/pools.ts";
import { apiUrl, publicApiUrl, runLogsDirectory, runsDirectory } from "./installation.ts";
import { retentionEnvironment } from "./retention.ts";

export interface EnvironmentSources {
  /** What children of the daemon get in any case: HOME, PATH, LANG, … */
  readonly base: EnvironmentVariables;
  /** The `bin` of the Python environment. */
  readonly binDirectory: string | undefined;
  /** `user:password`. */
  readonly auth: string | undefined;
}

/** What a user may change by `prefect.env`. */
const defaults: EnvironmentVariables = {
  DO_NOT_TRACK: "1",
  PREFECT_SERVER_ANALYTICS_ENABLED: "false",
  // Half an hour of patience with a server that is away while nobody stands in for it, where the
  // default gives up after a minute. The waits double, so what is waited for longer settles later.
  PREFECT_CLIENT_MAX_RETRIES: "10",
  PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: "false",
  // By itself it has no date, and what a file says may be a month old.
  PREFECT_LOGGING_FORMATTERS_STANDARD_DATEFMT: "%Y-%m-%d %H:%M:%S",
};

/** Output for files: no colours, no lines broken at 80 columns, nothing held back in a buffer. */
const plainOutput: EnvironmentVariables = {
  NO_COLOR: "1",
  PREFECT_CLI_COLORS: "false",
  PREFECT_CLI_PROMPT: "false",
  PREFECT_CLI_WRAP_LINES: "false",
  PREFECT_LOGGING_COLORS: "false",
  PYTHONUNBUFFERED: "1",
};

/** Of every Prefect process; the command line's among them. */
export function clientEnvironment(
  config: Config,
  { base, binDirectory, auth }: EnvironmentSources,
): EnvironmentVariables {
  const { home } = config.prefect;
  const path = [binDirectory, base["PATH"]].filter((part) => part !== undefined && part !== "");
  return {
    ...base,
    ...defaults,
    ...plainOutput,
    ...config.prefect.env,
    PATH: path.join(delimiter),
    PREFECT_HOME: home,
    PREFECT_API_URL: apiUrl(config),
    // Without an address a client would start a second server on the same database.
    PREFECT_SERVER_EPHEMERAL_ENABLED: "false",
    // Prefect 3.6.27 to 3.8.5 look for these in ~/.prefect whatever PREFECT_HOME says.
    PREFECT_RESULTS_LOCAL_STORAGE_PATH: join(home, "storage"),
    PREFECT_SERVER_MEMO_STORE_PATH: join(home, "memo_store.toml"),
    PREFECT_LOGGING_CONFIG_PATH: join(home, "logging.yml"),
    ...(auth === undefined ? {} : { PREFECT_API_AUTH_STRING: auth }),
  };
}

export function serverEnvironment(
  config: Config,
  sources: EnvironmentSources,
): EnvironmentVariables {
  const { databaseUrl } = config.server;
  return {
    ...clientEnvironment(config, sources),
    ...retentionEnvironment(config.jobs.retention),
    PREFECT_UI_API_URL: publicApiUrl(config),
    ...(databaseUrl === undefined ? {} : { PREFECT_SERVER_DATABASE_CONNECTION_URL: databaseUrl }),
    ...(sources.auth === undefined ? {} : { PREFECT_SERVER_API_AUTH_STRING: sources.auth }),
  };
}

/** How the runs of a pool are detached from their worker: `libexec/flow-run` reads these. */
export interface RunLauncher {
  readonly program: string;
  /** Below which each run gets a cgroup of its own; undefined where none is delegated. */
  readonly cgroup: string | undefined;
  /** Left out where output goes into files. */
  readonly journal?: JournalLaunch | undefined;
}

/** How output gets into the journal, with the priority of each line. */
export interface JournalLaunch {
  readonly socket: string;
  /** `libexec/priorities.py` */
  readonly priorities: string;
}

export interface WorkerSources extends EnvironmentSources {
  readonly healthPort: number;
  readonly runLauncher: RunLauncher;
}

export function workerEnvironment(
  config: Config,
  pool: PoolConfig,
  sources: WorkerSources,
): EnvironmentVariables {
  return {
    ...clientEnvironment(config, sources),
    PREFECT_WORKER_WEBSERVER_HOST: "127.0.0.1",
    PREFECT_WORKER_WEBSERVER_PORT: String(sources.healthPort),
    ...(isDetached(pool) ? launching(config, pool, sources.runLauncher) : {}),
  };
}

const launching = (
  { stateDir }: Config,
  { name }: PoolConfig,
  { program, cgroup, journal }: RunLauncher,
): EnvironmentVariables => ({
  SAILS_FLOW_RUN: program,
  SAILS_RUNS_DIRECTORY: runsDirectory(stateDir),
  SAILS_RUN_LOGS_DIRECTORY: runLogsDirectory(stateDir),
  SAILS_POOL: name,
  // Empty: where units print into files, runs do too, though there may be a journald.
  SAILS_JOURNAL_SOCKET: journal?.socket ?? "",
  ...(cgroup === undefined ? {} : { SAILS_RUN_CGROUP: cgroup }),
});
