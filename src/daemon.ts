/** `sails-supervisor run`: from the first moment to the exit status. */
import { describeFault } from "./config/fault.ts";
import { boot, load, type OwnEnvironment } from "./daemon/boot.ts";
import { Daemon } from "./daemon/daemon.ts";
import { markOf } from "./daemon/events.ts";
import { listenForStop } from "./daemon/stop-signals.ts";
import { baseEnvironment } from "./host/base-environment.ts";
import { closeInheritedDescriptors } from "./host/inherited-descriptors.ts";
import { JournalTeller } from "./host/journal-teller.ts";
import { type Log, openLog } from "./host/log.ts";
import { ownJournalTeller } from "./host/own-program.ts";
import { askJobKind, findOwnUnit } from "./host/systemd-job.ts";

export interface RunOptions {
  readonly configFile: string | undefined;
  /** Only to see whether it would start: with this program, and with this configuration. */
  readonly isTrial?: true;
}

/** Does not return: the children that it leaves running would keep this process running, too. */
export async function runDaemon({ configFile, isTrial }: RunOptions): Promise<never> {
  closeInheritedDescriptors();
  const own = { ...process.env };
  const teller = new JournalTeller({ program: ownJournalTeller(), env: baseEnvironment(own) });
  const log = openLog(1, own, teller);
  process.on("uncaughtExceptionMonitor", (error) => {
    log.write("error", `a fault of sails-supervisor itself: ${error.stack ?? String(error)}`);
    log.flush();
  });
  const status = await endOf(() => (isTrial ? tryIt : run)(configFile, own, log), log);
  process.exit(status);
}

async function endOf(work: () => Promise<number>, log: Log): Promise<number> {
  try {
    return await work();
  } finally {
    await log.written();
  }
}

async function tryIt(
  configFile: string | undefined,
  own: OwnEnvironment,
  log: Log,
): Promise<number> {
  const loaded = await load(configFile, own);
  if (loaded.kind === "loaded") return 0;
  for (const fault of loaded.faults) log.write("error", describeFault(fault));
  return 1;
}

async function run(configFile: string | undefined, own: OwnEnvironment, log: Log): Promise<number> {
  const { stop, hurry } = listenForStop();
  // One that comes early finds the newest program already; without a listener, it would end it.
  let replace = (): void => undefined;
  process.on("SIGUSR2", () => replace());
  const booted = await boot(configFile, own, (trouble) => log.write("warn", trouble));
  if (booted.kind === "refused") {
    for (const [index, line] of booted.why.entries()) {
      const event = { kind: "start-refused", reason: booted.why.join("\n") } as const;
      log.write("error", line, index === 0 ? markOf(event) : undefined);
    }
    return 1;
  }
  using _lock = booted.lock;
  await using daemon = new Daemon({ booted, configFile, own, log });
  if (!(await daemon.open())) return 1;
  process.on("SIGHUP", () => void daemon.reload());
  replace = () => void daemon.reexec("SIGUSR2 received");
  if (!stop.aborted) await daemon.start();
  await aborted(stop);
  const why = `${String(stop.reason)} received`;
  if (await isRestarted(own)) await daemon.leave(`${why} for a restart`);
  else await daemon.stop(why, hurry);
  return 0;
}

/** Whether systemd will start the next daemon; when in doubt it will not, and nothing must be left. */
async function isRestarted(own: OwnEnvironment): Promise<boolean> {
  const unit = own["NOTIFY_SOCKET"] === undefined ? undefined : findOwnUnit();
  return unit !== undefined && (await askJobKind(own, unit)) === "restart";
}

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
