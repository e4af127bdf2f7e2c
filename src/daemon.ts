/** `sails-supervisor run`: from the first moment to the exit status. */
import { boot } from "./daemon/boot.ts";
import { Daemon } from "./daemon/daemon.ts";
import { listenForStop } from "./daemon/stop-signals.ts";
import { closeInheritedDescriptors } from "./host/inherited-descriptors.ts";
import { type Log, openLog } from "./host/log.ts";

export interface RunOptions {
  readonly configFile: string | undefined;
}

/** Resolves with the exit status once nothing of ours runs any more. */
export async function runDaemon({ configFile }: RunOptions): Promise<number> {
  closeInheritedDescriptors();
  const own = { ...process.env };
  const log = openLog(1, own);
  process.on("uncaughtExceptionMonitor", (error) => {
    log.write("error", `a fault of sails-supervisor itself: ${error.stack ?? String(error)}`);
    log.flush();
  });
  try {
    return await run(configFile, own, log);
  } finally {
    log.flush();
  }
}

async function run(
  configFile: string | undefined,
  own: Readonly<Record<string, string | undefined>>,
  log: Log,
): Promise<number> {
  const { stop, hurry } = listenForStop();
  const booted = await boot(configFile, own, (trouble) => log.write("warn", trouble));
  if (booted.kind === "refused") {
    for (const line of booted.why) log.write("error", line);
    return 1;
  }
  using _lock = booted.lock;
  const say = (...words: Parameters<Log["write"]>) => log.write(...words);
  await using daemon = new Daemon({ booted, configFile, own, say });
  if (!(await daemon.open())) return 1;
  process.on("SIGHUP", () => void daemon.reload());
  if (!stop.aborted) await daemon.start();
  await aborted(stop);
  await daemon.stop(`${String(stop.reason)} received`, hurry);
  return 0;
}

const aborted = (signal: AbortSignal): Promise<void> =>
  signal.aborted
    ? Promise.resolve()
    : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
