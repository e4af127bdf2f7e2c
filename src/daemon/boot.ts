/** What must be had before anything is supervised: a configuration, a state folder, and both for us alone. */
import { mkdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { describeFault } from "../config/fault.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import { AtomicFile } from "../host/atomic-file.ts";
import { EventFile } from "../host/event-file.ts";
import { lockInstance } from "../host/instance-lock.ts";
import { Lifelines } from "../host/lifelines.ts";
import { supervisorVariable, unitVariable } from "../host/marks.ts";
import { findProcesses } from "../host/processes.ts";
import { lookAtRemote } from "../host/remote-entry.ts";
import { EventLog } from "./event-log.ts";
import { Memory, recollect } from "./memory.ts";

export type OwnEnvironment = Readonly<Record<string, string | undefined>>;

export type Booted =
  | {
      readonly kind: "booted";
      readonly config: Config;
      readonly warnings: readonly string[];
      readonly memory: Memory;
      readonly lifelines: Lifelines;
      readonly events: EventLog;
      readonly lock: Disposable;
    }
  | { readonly kind: "refused"; readonly why: readonly string[] };

const refused = (...why: string[]): Booted => ({ kind: "refused", why });

export const load = (file: string | undefined, own: OwnEnvironment): Promise<Loaded> =>
  loadConfig({
    file,
    env: own,
    home: homedir(),
    uid: process.getuid?.() ?? 0,
    cwd: process.cwd(),
    look: lookAtRemote,
  });

export async function boot(
  file: string | undefined,
  own: OwnEnvironment,
  report: (trouble: string) => void,
): Promise<Booted> {
  const loaded = await load(file, own);
  if (loaded.kind === "faulty") {
    const end = "Nothing has been started. Correct this, and start again";
    return refused(...loaded.faults.map(describeFault), end);
  }
  const { config } = loaded;
  const { stateDir } = config;
  try {
    await mkdir(join(stateDir, "logs"), { recursive: true, mode: 0o750 });
    await mkdir(join(stateDir, "cwd"), { recursive: true, mode: 0o750 });
    await mkdir(join(stateDir, "lifelines"), { recursive: true, mode: 0o700 });
  } catch (error) {
    const cure = "Give this user the right to write there, or set state_dir to another folder";
    return refused(`the state folder ${stateDir} cannot be used: ${String(error)}. ${cure}`);
  }
  const locked = await lockInstance(stateDir);
  if (locked.kind === "taken") {
    const who = locked.pid === undefined ? "of another user" : `${locked.pid}`;
    return refused(
      `a daemon already runs with the state folder ${stateDir} (process ${who}). Stop it first, or give this one another state_dir`,
    );
  }
  const lifelines = new Lifelines(join(stateDir, "lifelines"), report);
  const state = new AtomicFile(join(stateDir, "state.json"));
  const idFile = new AtomicFile(join(stateDir, "supervisor-id"));
  const { remembered, trouble } = await recollect(state, idFile, () => idOfChildren(lifelines));
  if (trouble !== undefined) report(trouble);
  const memory = new Memory(state, remembered, report);
  // By what stands in them children are found again: so before the first of them starts.
  await Promise.all([memory.change({}), keepId(idFile, remembered.supervisorId, report)]);
  return {
    kind: "booted",
    config,
    warnings: loaded.warnings.map(describeFault),
    memory,
    lifelines,
    events: await EventLog.open(new EventFile(join(stateDir, "events.jsonl"))),
    lock: locked.lock,
  };
}

/** The state folder tells too: whose lifeline lies in it, its daemon started. */
function idOfChildren(lifelines: Lifelines): string | undefined {
  const [child] = findProcesses(({ pid, isSessionLeader, variables }) => {
    const unit = variables.get(unitVariable);
    return isSessionLeader && unit !== undefined && lifelines.heldBy(pid, unit) !== undefined;
  });
  return child?.variables.get(supervisorVariable);
}

async function keepId(
  file: AtomicFile,
  id: string,
  report: (trouble: string) => void,
): Promise<void> {
  try {
    if ((await file.read())?.trim() !== id) await file.write(`${id}\n`);
  } catch (error) {
    report(
      `${file.path} cannot be written: ${String(error)}. Should state.json be lost, the next daemon would not know its children`,
    );
  }
}
