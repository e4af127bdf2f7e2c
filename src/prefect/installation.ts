/** Where the pieces of one Prefect installation are, derived from the configuration. */
import { join } from "node:path";
import type { Config } from "../config/config.ts";

/** Addresses that mean "every interface": nobody can be reached there. */
const wildcards: ReadonlyMap<string, string> = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "[::1]"],
  ["localhost", "127.0.0.1"],
]);

function serverOrigin({ server }: Config): string {
  const host = wildcards.get(server.host) ?? server.host;
  const bracketed = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
  return `http://${bracketed}:${server.port}`;
}

/** The API as processes on this machine reach it, with `/api`. */
export function apiUrl(config: Config): string {
  const url = config.prefect.apiUrl ?? `${serverOrigin(config)}/api`;
  return url.replace(/\/+$/, "");
}

/** The API as browsers reach it, with `/api`. */
export function publicApiUrl(config: Config): string {
  const url = config.server.publicUrl?.replace(/\/+$/, "");
  if (url === undefined) return apiUrl(config);
  return url.endsWith("/api") ? url : `${url}/api`;
}

/** The pages that people open. */
export const uiUrl = (config: Config): string => publicApiUrl(config).replace(/\/api$/, "");

/** Prefect reads `.env`, `prefect.toml` and `pyproject.toml` of its working directory: this one has none. */
export const workingDirectory = (config: Config): string => join(config.stateDir, "cwd");

/** A folder for each flow run that has a process here: by it the daemon finds the process again. */
export const runsDirectory = (stateDir: string): string => join(stateDir, "runs");

/** What flow runs print, where there is no journald. */
export const runLogsDirectory = (stateDir: string): string => join(stateDir, "logs", "runs");

/** `worker@POOL`, `worker@POOL:2` for the second one. */
export const workerUnit = (pool: string, index: number): string =>
  index === 0 ? `worker@${pool}` : `worker@${pool}:${index + 1}`;

/** A name that stays, or each restart would leave one more dead row in Prefect's list of workers. */
export const workerName = (hostname: string, pool: string, index: number): string =>
  `${hostname}-${pool}${index === 0 ? "" : `-${index + 1}`}`;

/** Whether a worker of that name is of this host, whatever number of workers the pool has now. */
export function isWorkerName(hostname: string, pool: string, name: string): boolean {
  const first = workerName(hostname, pool, 0);
  return (
    name === first || (name.startsWith(`${first}-`) && /^\d+$/.test(name.slice(first.length + 1)))
  );
}
/** The condition that the pool is there, with its limit. */
export const poolCondition = (pool: string): string => `pool ${pool}`;

/** The condition that no run of before holds a slot that it should not hold. */
export const settledCondition = "flow runs of before";

/** The condition that it is known what the installed Prefect can do. */
export const environmentCondition = "environment";

/** The condition that a server which is not ours answers. */
export const apiCondition = "Prefect's API";
