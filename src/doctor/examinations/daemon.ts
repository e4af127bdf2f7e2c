/** Whether the daemon is there, and what it complains about itself. */
import type { UnitStatus } from "../../control/status.ts";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";
import type { DaemonView } from "../ports.ts";

export const daemon: Examination = {
  name: "daemon",
  finds:
    "the daemon does not run or does not answer, or it has units or other things that are not as they should be",
  examine: async (scene) => judgeDaemon(await scene.daemon()),
};

export function judgeDaemon(view: DaemonView): readonly Finding[] {
  switch (view.kind) {
    case "unreachable":
      return [
        {
          id: "daemon:unreachable",
          severity: "fault",
          what: view.why,
          why: "as long as no daemon can be asked, nobody may be there to start again what dies, and to look after flow runs",
          cure: view.cure,
        },
      ];
    case "answers": {
      const { units, problems } = view.status;
      return [
        ...units.filter(isInTrouble).map(ofUnit),
        ...problems.map(
          ({ id, what, cure }): Finding => ({
            id: `daemon:${id}`,
            severity: "warning",
            what,
            why: "the daemon has found it, and shows it in `sails-supervisor status` until it is cured",
            cure:
              cure ??
              "`sails-supervisor status` tells more; `sails-supervisor plan` shows what differs",
          }),
        ),
      ];
    }
    default:
      return view satisfies never;
  }
}

/** What only takes its time is none. */
const isInTrouble = ({ desired, ready, state, reasonCode }: UnitStatus): boolean =>
  desired === "up" && !ready && (state === "backoff" || hindrances.has(reasonCode));

const hindrances: ReadonlySet<UnitStatus["reasonCode"]> = new Set([
  "volume",
  "port",
  "environment",
  "config",
  "unhealthy",
  "breaker",
]);

const ofUnit = ({ name, reason, next }: UnitStatus): Finding => ({
  id: `daemon:unit ${name}`,
  severity: "fault",
  what: `${name} is not ready: ${reason}`,
  why: name === "server" ? "without it, no flow run begins" : "what it serves stands still",
  cure: next ?? `\`sails-supervisor logs ${name}\` shows what it said`,
});
