/** How long the main process of our unit lived, which has ended. */
import { execFile } from "node:child_process";
import type { OwnUnit } from "./systemd-job.ts";

const patienceMs = 2_000;
const start = "ExecMainStartTimestampMonotonic";
const exit = "ExecMainExitTimestampMonotonic";

/** Undefined if systemd does not say. */
export async function mainProcessLivedMs(
  own: Readonly<Record<string, string | undefined>>,
  unit: OwnUnit,
): Promise<number | undefined> {
  const manager = unit.isUsers ? ["--user"] : [];
  const args = [...manager, "show", `--property=${start},${exit}`, unit.name];
  const options = { env: { ...own }, timeout: patienceMs, killSignal: "SIGKILL" } as const;
  const answer = await new Promise<string>((resolve) =>
    execFile("systemctl", args, options, (_error, stdout) => resolve(stdout)),
  );
  const microseconds = (name: string): number =>
    Number(new RegExp(`^${name}=(\\d+)$`, "m").exec(answer)?.[1] ?? Number.NaN);
  const lived = (microseconds(exit) - microseconds(start)) / 1000;
  return lived >= 0 ? lived : undefined;
}
