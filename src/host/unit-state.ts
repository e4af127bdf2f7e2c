/** What systemd says of our unit when its main process has ended. */
import { execFile } from "node:child_process";
import type { OwnUnit } from "./systemd-job.ts";

export interface UnitState {
  /** It has come to rest, and nothing is about to start it. */
  readonly isAtRest: boolean;
  /** Of its main process. Undefined if systemd does not say. */
  readonly livedMs: number | undefined;
}

const patienceMs = 2_000;
const start = "ExecMainStartTimestampMonotonic";
const exit = "ExecMainExitTimestampMonotonic";

export async function askUnitState(
  own: Readonly<Record<string, string | undefined>>,
  unit: OwnUnit,
): Promise<UnitState> {
  const properties = `--property=ActiveState,Job,${start},${exit}`;
  const args = [managerOption(unit), "show", properties, unit.name];
  const options = { env: { ...own }, timeout: patienceMs, killSignal: "SIGKILL" } as const;
  const answer = await new Promise<string>((resolve) =>
    execFile("systemctl", args, options, (_error, stdout) => resolve(stdout)),
  );
  return unitStateOf(answer);
}

/** From the words of `systemctl show`. */
export function unitStateOf(shown: string): UnitState {
  const property = (name: string) => new RegExp(`^${name}=(.+)$`, "m").exec(shown)?.[1];
  const lived = (Number(property(exit)) - Number(property(start))) / 1000;
  return {
    isAtRest: /^(inactive|failed)$/.test(property("ActiveState") ?? "") && !property("Job"),
    livedMs: lived >= 0 ? lived : undefined,
  };
}

export const managerOption = ({ isUsers }: OwnUnit): string => (isUsers ? "--user" : "--system");
