/** The Python environments over all reloads: what keeps them, on this machine, and what is told of them. */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { EnvironmentOrderResult, StatusEvent } from "../control/control-plane.ts";
import type { EnvironmentList } from "../control/status.ts";
import { runCommand } from "../host/command.ts";
import { files } from "../host/files.ts";
import { ownProjectReader, ownUvFetcher } from "../host/own-program.ts";
import { foldersInUse } from "../host/processes-in.ts";
import { HostProjectReader } from "../host/project-reader.ts";
import { scratchFiles } from "../host/scratch-files.ts";
import { findUv, uvEnvironment } from "../host/uv.ts";
import { HostVersionStore } from "../host/version-store.ts";
import type { EnvironmentMetrics, EnvironmentSnapshot } from "../metrics/environment-metrics.ts";
import { DatabaseGuard } from "../prefect/database-guard.ts";
import type { Clock } from "../supervision/ports.ts";
import type { OwnEnvironment } from "./boot.ts";
import { EnvironmentKeeper } from "./environment-keeper.ts";
import {
  type EnvironmentDifferences,
  environmentDifferences,
  nothingDiffers,
} from "./environment-plan.ts";
import { keepCapabilities } from "./known-capabilities.ts";
import type { Memory } from "./memory.ts";

export interface EnvironmentsDeps {
  readonly clock: Clock;
  readonly memory: Memory;
  readonly stateDir: string;
  readonly own: OwnEnvironment;
  /** Of children, with our marks: by them the next daemon ends a build of this one. */
  readonly base: Readonly<Record<string, string>>;
  /** Without. */
  readonly unmarked: Readonly<Record<string, string>>;
  readonly runsIn: () => readonly string[];
  readonly metrics: () => EnvironmentMetrics;
  readonly databaseRevision: () => Promise<string | undefined>;
  readonly switched: () => Promise<void>;
  readonly log: (level: "info" | "warn", message: string) => void;
  readonly publish: (event: StatusEvent) => void;
}

export class Environments implements Disposable {
  readonly #deps: EnvironmentsDeps;
  readonly keeper: EnvironmentKeeper;
  /** By path: what is built never grows. */
  readonly #sizes = new Map<string, number | null>();

  constructor(deps: EnvironmentsDeps) {
    this.#deps = deps;
    const { clock, memory, base, own, stateDir, log } = deps;
    const uvEnv = uvEnvironment(own, base, join(stateDir, "environment/uv-cache"));
    this.keeper = new EnvironmentKeeper({
      clock,
      wallClock: () => new Date(),
      memory,
      reader: new HostProjectReader(ownProjectReader(), deps.unmarked),
      storeAt: (path) => new HostVersionStore(path),
      findUv: (folder, progress, signal) =>
        findUv({ env: uvEnv, folder, fetcher: ownUvFetcher(), progress }, signal),
      run: runCommand,
      files: scratchFiles,
      base,
      homeBlocker: (config) => new DatabaseGuard(config, files).blocker(),
      foldersInUse,
      runsIn: deps.runsIn,
      metrics: deps.metrics,
      databaseRevision: deps.databaseRevision,
      keepCapabilities: (program, found) => keepCapabilities(memory, program, found),
      switched: deps.switched,
      log,
      changed: (from, to, reason) =>
        deps.publish({ at: new Date().toISOString(), unit: "environment", from, to, reason }),
      suffix: () => randomUUID().slice(0, 6),
    });
  }

  sync(): Promise<EnvironmentOrderResult> {
    return this.keeper.sync();
  }

  get overdue(): readonly string[] {
    return this.keeper.isOverdue ? ["the building of the Python environment"] : [];
  }

  /** What differs, by the last look at the lock. */
  get differences(): EnvironmentDifferences {
    const { status, plan, problems } = this.keeper;
    return status === null ? nothingDiffers : environmentDifferences(status, plan, problems);
  }

  get snapshot(): EnvironmentSnapshot {
    const { versions, isInStep, lastSync, status } = this.keeper;
    const current = versions.find(({ use }) => use === "current")?.version;
    return {
      current: current && {
        lock_hash: current.record?.lockHash ?? /^[0-9a-f]{12}/.exec(current.name)?.[0] ?? "",
        python_version: current.python ?? "",
        prefect_version: current.prefect ?? "",
      },
      isInSync: isInStep,
      lastSync: lastSync && lastSync.getTime() / 1000,
      uses:
        status === null || status.project === null
          ? undefined
          : versions.map(({ use }) => (use === "previous" ? "spare" : use)),
    };
  }

  async list(): Promise<EnvironmentList> {
    const { status, versions } = this.keeper;
    const environments = versions.map(async ({ version, use, runs }) => ({
      name: version.name,
      path: version.path,
      use,
      runs,
      lockHash: version.record?.lockHash ?? null,
      python: version.python ?? null,
      prefect: version.prefect ?? null,
      packages: version.record?.packages ?? null,
      builtAt: version.builtAt.toISOString(),
      bytes: await this.#size(version.path),
    }));
    return { version: 1, environment: status, environments: await Promise.all(environments) };
  }

  [Symbol.dispose](): void {
    this.keeper[Symbol.dispose]();
  }

  async #size(path: string): Promise<number | null> {
    const known = this.#sizes.get(path);
    if (known !== undefined) return known;
    const { output, isOk } = await runCommand({
      command: ["du", "-sk", path],
      env: this.#deps.unmarked,
      directory: "/",
      timeoutMs: 30_000,
      signal: AbortSignal.timeout(30_000),
    });
    const kilobytes = /^\d+/.exec(output)?.[0];
    const size = isOk && kilobytes !== undefined ? Number(kilobytes) * 1024 : null;
    this.#sizes.set(path, size);
    return size;
  }
}
