/**
 * `sails-supervisor sweep`, which the unit runs after each end of the daemon (ExecStopPost=).
 *
 * A daemon that stops in order leaves nothing. One that crashes leaves its children to the next; but
 * if the unit is being stopped there is no next one, and they are ended here. Which it is the job
 * tells: systemd 252 keeps it until ExecStopPost= is done, at `stop` as at shutdown (`stop`), at
 * `restart` (`restart`); there is none after a crash, and one that comes meanwhile is there too. For a
 * stop that comes later than that, a small program stays behind and runs this once more.
 */
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { endAll } from "../host/leftovers.ts";
import { type Log, openLog } from "../host/log.ts";
import { checkVariable, unitVariable } from "../host/marks.ts";
import { ownCommand, ownLastSweep } from "../host/own-program.ts";
import type { FoundProcess } from "../host/processes.ts";
import { signalProcess } from "../host/signals.ts";
import { askJobKind, findOwnUnit, type JobKind, type OwnUnit } from "../host/systemd-job.ts";
import { processesOfUnit } from "../host/unit-processes.ts";
import { askUnitState, managerOption, type UnitState } from "../host/unit-state.ts";
import { flowRunVariable } from "../prefect/ports.ts";

type OwnEnvironment = Readonly<Record<string, string | undefined>>;

type Leftover = Pick<FoundProcess, "variables" | "isSessionLeader">;

export type SweepStep = "end" | "leave" | "wait";

/** A daemon that ends sooner than this, again and again, must not take the machine's time. */
const soonMs = 5_000;
/**
 * Here and not as RestartSec=: a stop in that pause would find the unit at rest, and run no
 * ExecStopPost= (measured). One that comes in this pause is seen at its end.
 */
const pauseMs = 1_000;
const patienceMs = 15_000;

export function sweepStep(job: JobKind, { isAtRest, livedMs }: UnitState): SweepStep {
  if (job === "stop" || isAtRest) return "end";
  return job === "restart" || (livedMs ?? 0) >= soonMs ? "leave" : "wait";
}

/** Resolves with the exit status. */
export async function runSweep(): Promise<number> {
  const own = { ...process.env };
  const log = openLog(1, own);
  try {
    return await sweep(own, log);
  } finally {
    await log.written();
  }
}

async function sweep(own: OwnEnvironment, log: Log): Promise<number> {
  const unit = findOwnUnit();
  if (unit === undefined || own["SERVICE_RESULT"] === undefined) {
    log.write(
      "error",
      "sweep is for systemd, when the daemon has ended: it does nothing elsewhere",
    );
    return 2;
  }
  if (!(await isOver(own, unit))) {
    sweepAgainAtRest(unit, log);
    return 0;
  }
  const found = (...endings: readonly Ending[]) =>
    processesOfUnit(unit).filter((process) => endings.includes(endingOf(process)));
  for (const { pid } of found("give-up")) signalProcess(pid, "SIGKILL");
  // While there is a server, flow runs can tell it that they were ended.
  const others = await endAll(() => found("ask", "kill"), {
    patienceMs,
    isKilledAtOnce: (process) => endingOf(process) === "kill",
  });
  const servers = await endAll(() => found("ask", "kill", "ask-last"), { patienceMs });
  const ended = others.ended + servers.ended;
  if (ended > 0) {
    const why = "the daemon died before it could stop them in order";
    log.write("warn", `ended ${ended} processes: ${why}`);
  }
  const { left } = servers;
  if (left.length === 0) return 0;
  log.write("error", `processes ${left.join(", ")} cannot be ended`);
  return 1;
}

/** `give-up`: it is killed, and not waited for: it may wait for a file system that hangs. */
type Ending = "ask" | "ask-last" | "kill" | "give-up";

/** How a process of a daemon that is no more comes to its end. */
export function endingOf({ variables, isSessionLeader }: Leftover): Ending {
  if (variables.has(checkVariable)) return "give-up";
  const unit = variables.get(unitVariable);
  if (unit === "server") return "ask-last";
  const isWorker = isSessionLeader && unit?.startsWith("worker@") === true;
  // At SIGTERM a worker takes its flow runs along, before they can tell of it.
  return isWorker && !variables.has(flowRunVariable) ? "kill" : "ask";
}

async function isOver(own: OwnEnvironment, unit: OwnUnit): Promise<boolean> {
  const [job, state] = await Promise.all([askJobKind(own, unit), askUnitState(own, unit)]);
  const step = sweepStep(job, state);
  if (step !== "wait") return step === "end";
  await sleep(pauseMs);
  return (await askJobKind(own, unit)) === "stop";
}

function sweepAgainAtRest(unit: OwnUnit, log: Log): void {
  const args = [managerOption(unit), unit.name, ...ownCommand()];
  const child = spawn(ownLastSweep(), args, {
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  child.once("error", ({ message }) => log.write("warn", `a late stop will be missed: ${message}`));
  child.unref();
}
