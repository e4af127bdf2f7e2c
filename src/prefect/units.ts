/** The units of one Prefect installation: what is started, with what, and how it is looked after. */
import { dirname, join } from "node:path";
import type { Config, PoolConfig } from "../config/config.ts";
import type { Verdict } from "../supervision/probe.ts";
import { defaultRestartPolicy } from "../supervision/restart-policy.ts";
import { type Millis, minutes, ms, seconds } from "../supervision/time.ts";
import type { UnitSpec } from "../supervision/unit-spec.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import type { PrefectApi } from "./api/client.ts";
import type { Capabilities } from "./capabilities.ts";
import type { DatabaseGuard } from "./database-guard.ts";
import { explainPrefectExit } from "./exits.ts";
import {
  apiCondition,
  apiUrl,
  environmentCondition,
  poolCondition,
  settledCondition,
  workerName,
  workerUnit,
  workingDirectory,
} from "./installation.ts";
import type { Machine } from "./ports.ts";
import { serverPreflight, workerPreflight } from "./preflight.ts";
import {
  answersOrWorks,
  readsDatabase,
  unlessHeard,
  unlessHiding,
  workerIsOnline,
} from "./probes.ts";
import {
  type EnvironmentSources,
  type RunLauncher,
  serverEnvironment,
  workerEnvironment,
} from "./process-environment.ts";
import { heartbeatOf, shareWorkers, workerLives } from "./worker-health.ts";
import { explainWorker } from "./worker-package.ts";

export interface InstallationParts extends EnvironmentSources {
  readonly config: Config;
  readonly machine: Machine;
  readonly database: Pick<DatabaseGuard, "blocker">;
  readonly api: PrefectApi;
  /** The `prefect` program; undefined where none was found. */
  readonly program: string | undefined;
  /** See `preflight.ts`. */
  readonly whyNoEnvironment: () => Blocker | undefined;
  /** Undefined until the program has been asked. */
  readonly capabilities: Capabilities | undefined;
  /** A loopback port for a worker's own health server; the same for the same unit. */
  readonly healthPort: (unit: string) => number;
  /** Prefect's API, to whoever has asked. */
  readonly hasJustAnswered: () => boolean;
  readonly now: () => Millis;
  /** Whether Prefect's server can write to its database; asked only if it matters. */
  readonly canWrite: (signal: AbortSignal) => Promise<boolean>;
  /** What a server that answers hides. */
  readonly serverHides: () => Verdict;
  readonly runLauncher: RunLauncher;
  /** `libexec/prefect-server`. */
  readonly serverLauncher: string;
  /** Resolves when the worker can be killed and no flow run notices; never rejects. */
  readonly quiesce: (pool: PoolConfig, unit: string, signal: AbortSignal) => Promise<void>;
  /** Resolves when nobody of ours is on the server's port any more. */
  readonly releasePort: () => Promise<void>;
}

export function prefectUnits(parts: InstallationParts): readonly UnitSpec[] {
  const { config } = parts;
  const count = config.pools.reduce((sum, pool) => sum + pool.workers, 0);
  const workers = config.pools.flatMap((pool) =>
    Array.from({ length: pool.workers }, (_, index) => workerSpec(parts, pool, index, count)),
  );
  return config.server.enabled ? [serverSpec(parts), ...workers] : workers;
}

function serverSpec(parts: InstallationParts): UnitSpec {
  const { config, machine, api } = parts;
  const { host, port } = config.server;
  const health = machine.httpProbe(`${apiUrl(config)}/health`);
  return {
    name: "server",
    labels: { role: "server" },
    after: [],
    process: {
      command: [
        ...serverProgram(parts),
        ...["server", "start", "--host", host, "--port", String(port)],
      ],
      env: serverEnvironment(config, parts),
      directory: workingDirectory(config),
      killMode: "control-group",
    },
    rules: {
      // Everybody waits for the server: it is tried more eagerly, and workers outlive 15 s without it.
      restart: {
        ...defaultRestartPolicy,
        stableAfter: seconds(10),
        delay: { initial: seconds(1), max: seconds(15) },
      },
      // A first start on a slow CPU takes a minute, and a migration must never be cut short.
      startTimeout: minutes(10),
      // At the first SIGINT it answers what it has been asked. A second one would make it answer 500,
      // which no client asks again; SIGKILL breaks the connection, and then each of them does.
      stopLadder: [{ signal: "SIGINT", wait: seconds(10) }],
      startSpread: ms(0),
    },
    probes: {
      startup: { probe: health, ...every(ms(100)), timeout: seconds(5) },
      readiness: { probe: readsDatabase(api), ...every(seconds(15)), failureThreshold: 2 },
      liveness: {
        probe: unlessHiding(
          answersOrWorks(unlessHeard(health, parts.hasJustAnswered), (pid) =>
            machine.cpuSeconds(pid),
          ),
          parts.serverHides,
        ),
        ...every(seconds(10)),
        timeout: seconds(15),
        failureThreshold: 4,
      },
    },
    explain: explainPrefectExit,
    preflight: serverPreflight(parts),
  };
}

function workerSpec(
  parts: InstallationParts,
  pool: PoolConfig,
  index: number,
  count: number,
): UnitSpec {
  const { config, machine, api } = parts;
  const unit = workerUnit(pool.name, index);
  const name = workerName(machine.hostname, pool.name, index);
  const workers = shareWorkers(api, parts.now);
  const healthPort = parts.healthPort(unit);
  const lives = workerLives({
    ...{ workers, machine, name },
    now: parts.now,
    wallNow: () => Date.now(),
    pool: pool.name,
    healthUrl: `http://127.0.0.1:${healthPort}/health`,
    heartbeatEvery: heartbeatOf(config.prefect.env),
    canWrite: parts.canWrite,
  });
  const startsProcesses = pool.type === "process";
  return {
    name: unit,
    labels: { role: "worker", pool: pool.name, pool_type: pool.type, worker: name },
    after: [
      config.server.enabled ? "server" : apiCondition,
      poolCondition(pool.name),
      environmentCondition,
      ...(startsProcesses ? [settledCondition] : []),
    ],
    process: {
      command: [
        ...workerProgram(parts),
        ...["worker", "start", "--pool", pool.name, "--type", pool.type, "--name", name],
        ...["--install-policy", "never", "--with-healthcheck"],
        // Left out, a pool that is deleted under a worker comes back without its limit.
        ...(parts.capabilities?.canLeavePoolsAlone === true
          ? ["--no-create-pool-if-not-found"]
          : []),
      ],
      env: workerEnvironment(config, pool, { ...parts, healthPort }),
      directory: workingDirectory(config),
      // What it leaves behind are flow runs: not ours to end.
      killMode: "process",
    },
    rules: {
      restart: defaultRestartPolicy,
      startTimeout: minutes(3),
      // By any other signal it would end its flow runs, and they would stay Running for ever.
      stopLadder: startsProcesses
        ? [{ signal: "SIGKILL", wait: seconds(5) }]
        : [{ signal: "SIGTERM", wait: seconds(30) }],
      // What is waited for are runs that are not detached; all else takes seconds.
      quiesceTimeout: ms(pool.drainTimeout + 60_000),
      // The start of a worker is four seconds of CPU: many at once would starve the server.
      startSpread: ms(Math.min(5_000, Math.max(0, count - 3) * 500)),
    },
    probes: {
      startup: {
        probe: workerIsOnline(api, pool.name, name),
        ...every(ms(500)),
        timeout: seconds(5),
      },
      readiness: {
        probe: workerIsOnline({ workers }, pool.name, name),
        ...every(seconds(30)),
        failureThreshold: 3,
      },
      // Longer than any question to Prefect takes: that the server is slow is no answer about a worker.
      liveness: {
        probe: lives,
        ...every(seconds(30)),
        timeout: seconds(15),
        failureThreshold: 2,
      },
    },
    explain: explainWorker(pool, config),
    preflight: workerPreflight(parts),
    ...(startsProcesses
      ? { quiesce: (_: unknown, signal: AbortSignal) => parts.quiesce(pool, unit, signal) }
      : {}),
  };
}

/** Through our launcher it listens from its first moment. Of a Prefect on PATH, the Python is not known. */
const serverProgram = (parts: InstallationParts): readonly [string, ...string[]] => {
  const { path } = parts.config.environment;
  return path === undefined
    ? [program(parts)]
    : [join(dirname(program(parts)), "python"), parts.serverLauncher];
};

/** In the journal, by what gives its lines their priority. */
const workerProgram = (parts: InstallationParts): readonly [string, ...string[]] => {
  const { journal } = parts.runLauncher;
  return journal === undefined || parts.config.environment.path === undefined
    ? [program(parts)]
    : [join(dirname(program(parts)), "python"), journal.priorities, program(parts)];
};

const program = ({ program: found, config }: InstallationParts): string =>
  found ?? join(config.environment.path ?? "", "bin", "prefect");

const every = <T extends number>(period: T) => ({
  period,
  timeout: seconds(5),
  failureThreshold: 1,
  successThreshold: 1,
});
