/** What is looked at before each start of a Prefect process: what would make the start fail. */
import { dirname, join } from "node:path";
import type { Config } from "../config/config.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import type { DatabaseGuard } from "./database-guard.ts";
import { workingDirectory } from "./installation.ts";
import type { Machine } from "./ports.ts";

interface Parts {
  readonly config: Config;
  readonly machine: Machine;
  /** The `prefect` of the configured environment, else the one that was found on PATH. */
  readonly program: string | undefined;
  /** Why there is none, if more is known: it is being built. */
  readonly whyNoEnvironment: () => Blocker | undefined;
  readonly database: Pick<DatabaseGuard, "blocker">;
}

type Preflight = (signal: AbortSignal) => Promise<readonly Blocker[]>;

interface ServerParts extends Parts {
  /** Resolves when nobody of ours is on the server's port any more. */
  readonly releasePort: () => Promise<void>;
}

export const serverPreflight =
  (parts: ServerParts): Preflight =>
  async () => {
    const found = (await Promise.all([environment(parts), folders(parts)])).flat();
    // Whoever answers in the server's place leaves only for a start that can be made.
    if (found.length > 0) return found;
    await parts.releasePort();
    return port(parts);
  };

export const workerPreflight =
  (parts: Parts): Preflight =>
  async () => {
    const found = await Promise.all([environment(parts), folders(parts)]);
    return found.flat();
  };

async function environment({
  config,
  machine,
  program,
  whyNoEnvironment,
}: Parts): Promise<Blocker[]> {
  const { path } = config.environment;
  const file = program ?? (path && join(path, "bin", "prefect"));
  if (file === undefined) {
    const why = "no Prefect was found: environment.path is not set, and PATH has no `prefect`";
    const cure = "Set environment.path to a Python environment in which Prefect is installed";
    return [{ kind: "environment", why, cure }];
  }
  const python = join(dirname(file), "python");
  const needed = path === undefined ? [file] : [file, python];
  const missing = await Promise.all(
    needed.map(async (each) => ((await machine.isExecutable(each)) ? [] : [each])),
  );
  const [first] = missing.flat();
  if (first === undefined) return [];
  const known = whyNoEnvironment();
  if (known !== undefined) return [known];
  const why = `${first} is not there or cannot be executed`;
  const cure = "Build the Python environment again, or set environment.path to where it is";
  return [{ kind: "environment", why, cure }];
}

async function folders({ config, machine, database }: Parts): Promise<Blocker[]> {
  // First, for looking makes the folder.
  const notTheOne = await database.blocker();
  if (notTheOne !== undefined) return [notTheOne];
  const checked = await Promise.all(
    [config.prefect.home, workingDirectory(config)].map(async (folder): Promise<Blocker[]> => {
      const why = await machine.whyNotWritable(folder);
      if (why === undefined) return [];
      const cure = `Give the user of this daemon the right to write to ${folder}, or set another folder`;
      return [{ kind: "volume", why, cure }];
    }),
  );
  return checked.flat();
}

async function port({ config, machine }: Parts): Promise<Blocker[]> {
  const { host, port: number } = config.server;
  const why = await machine.portTrouble(host, number);
  if (why === undefined) return [];
  const cure = "Stop that program, or set server.host and server.port to an address that is free";
  return [{ kind: "port", why, cure }];
}
