/** The environment variables of Prefect's processes. */
import { delimiter, join } from "node:path";
import type { Config, EnvironmentVariables } from "../config/config.ts";
import { apiUrl, publicApiUrl } from "./installation.ts";

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
  // Four minutes of patience with a server that is away, where the default gives up after one.
  PREFECT_CLIENT_MAX_RETRIES: "7",
  PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: "false",
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
    PREFECT_UI_API_URL: publicApiUrl(config),
    ...(databaseUrl === undefined ? {} : { PREFECT_SERVER_DATABASE_CONNECTION_URL: databaseUrl }),
    ...(sources.auth === undefined ? {} : { PREFECT_SERVER_API_AUTH_STRING: sources.auth }),
  };
}

export function workerEnvironment(
  config: Config,
  sources: EnvironmentSources,
  healthPort: number,
): EnvironmentVariables {
  return {
    ...clientEnvironment(config, sources),
    PREFECT_WORKER_WEBSERVER_HOST: "127.0.0.1",
    PREFECT_WORKER_WEBSERVER_PORT: String(healthPort),
  };
}
