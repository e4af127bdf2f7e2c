/** What the launcher itself takes: with a module in the engine's place that does nothing. */
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { root } from "./places.ts";

export interface LauncherCost {
  readonly bareMs: readonly number[];
  readonly launcherMs: readonly number[];
}

type Variables = Readonly<Record<string, string>>;

const launcher = join(root, "libexec/flow-run");
const rounds = 100;

export async function launcherCost(
  environment: string,
  signal: AbortSignal,
): Promise<LauncherCost> {
  const folder = await mkdtemp(join(tmpdir(), "sails-launcher-"));
  try {
    await mkdir(join(folder, "prefect"));
    for (const file of ["__init__.py", "engine.py"]) {
      await writeFile(join(folder, "prefect", file), "");
    }
    const bin = join(environment, "bin");
    const bareMs: number[] = [];
    const launcherMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      signal.throwIfAborted();
      const env = {
        PATH: `${bin}${delimiter}${process.env["PATH"] ?? ""}`,
        PYTHONPATH: folder,
        // A folder of its own for each: starts that follow each other closely would wait for their turn.
        SAILS_RUNS_DIRECTORY: join(folder, `runs-${round}`),
        SAILS_RUN_LOGS_DIRECTORY: join(folder, "logs"),
        SAILS_POOL: "bench",
        PREFECT__FLOW_RUN_ID: randomUUID(),
      };
      bareMs.push(timed(join(bin, "python"), ["-m", "prefect.engine"], env));
      launcherMs.push(timed(launcher, [], env));
    }
    return { bareMs, launcherMs };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function timed(program: string, args: readonly string[], env: Variables): number {
  const begin = performance.now();
  const { status, error, stderr } = spawnSync(program, args, { env });
  const took = performance.now() - begin;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.toString()}`);
  return took;
}
