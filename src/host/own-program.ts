/** How this program was started, and how it is started again: in a checkout or a release by its launcher. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/** Chooses Node and the newest form of the program; undefined where there is none beside the sources or the bundle. */
export function ownLauncher(): string | undefined {
  const launcher = join(dirname(process.argv[1] ?? ""), "../bin/sails-supervisor");
  return existsSync(launcher) ? launcher : undefined;
}

/** With the arguments of this process. */
export function ownCommand(): readonly [string, ...string[]] {
  const [, main = "", ...args] = process.argv;
  const launcher = ownLauncher();
  return launcher === undefined
    ? [process.execPath, ...process.execArgv, main, ...args]
    : [launcher, ...args];
}

/** Another process of this program, for one of its hidden commands. */
export const ownProgram = (command: string): readonly [string, ...string[]] => {
  const [, main = ""] = process.argv;
  const quiet = "--disable-warning=ExperimentalWarning";
  return [process.execPath, ...process.execArgv, quiet, main, command];
};

/** Beside the folder of the program, in a checkout as in a package. */
const ownLibexec = (name: string): string =>
  join(dirname(process.argv[1] ?? ""), "../libexec", name);

/** A thread of this program, beside the bundle or among the sources. */
export function ownPasswordWorker(): string {
  const folder = dirname(process.argv[1] ?? "");
  const bundled = join(folder, "password-worker.js");
  return existsSync(bundled) ? bundled : join(folder, "control/password-worker.ts");
}

export const ownRunLauncher = (): string => ownLibexec("flow-run");

export const ownServerLauncher = (): string => ownLibexec("prefect-server");

export const ownPriorities = (): string => ownLibexec("priorities.py");

export const ownJournalTeller = (): string => ownLibexec("tell-journal");

export const ownLookAt = (): string => ownLibexec("look-at");

export const ownProjectReader = (): string => ownLibexec("read-project");

export const ownUvFetcher = (): string => ownLibexec("fetch-uv");

export const ownLastSweep = (): string => ownLibexec("sweep-at-rest");
