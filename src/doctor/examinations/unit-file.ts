/** The systemd unit of the daemon. */
import { type Examination, seenOf } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { Scene, SystemdUnit } from "../ports.ts";

export const unitFile: Examination = {
  name: "unit-file",
  finds:
    "the systemd unit is not enabled, or its file has changed on the disk since systemd read it",
  examine: async (scene) => {
    const unit = await ownUnit(scene);
    const properties = "LoadState,UnitFileState,NeedDaemonReload";
    const manager = unit.isUsers ? ["--user"] : [];
    const said = await scene.eyes.run("systemctl", ...manager, "show", unit.name, "-p", properties);
    return judgeUnitFile(unit, seenOf(said) ?? "");
  },
};

/** That of the daemon that runs, else the one that is usually installed. */
export async function ownUnit({ daemon, eyes }: Scene): Promise<SystemdUnit> {
  const view = await daemon();
  const found = view.kind === "answers" ? eyes.unitOf(view.status.supervisor.pid) : undefined;
  const isOurs = found !== undefined && /^sails-supervisor/.test(found.name);
  return isOurs ? found : { name: "sails-supervisor.service", isUsers: false };
}

/** @param said what `systemctl show` said; empty where there is no systemd */
export function judgeUnitFile({ name, isUsers }: SystemdUnit, said: string): readonly Finding[] {
  const properties = new Map(
    said
      .split("\n")
      .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  // Run by hand: then there is no unit to be enabled.
  if (properties.get("LoadState") !== "loaded") return [];
  const systemctl = isUsers ? "systemctl --user" : "sudo systemctl";
  const found: Finding[] = [];
  if (properties.get("UnitFileState") === "disabled") {
    found.push({
      id: "unit-file:disabled",
      severity: "warning",
      what: `${name} is not enabled`,
      why: "after the next boot of the machine nothing of it runs",
      cure: `\`${systemctl} enable ${name}\``,
    });
  }
  if (properties.get("NeedDaemonReload") === "yes") {
    found.push({
      id: "unit-file:changed",
      severity: "warning",
      what: `the unit file of ${name} has changed on the disk, and systemd has not read it`,
      why: "the next start is made by the old file, and the change shows its effect by surprise later",
      cure: `\`${systemctl} daemon-reload && ${systemctl} restart ${name}\`: flow runs are not touched by that`,
    });
  }
  return found;
}
