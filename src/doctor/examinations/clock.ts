/** Whether the clocks agree: schedules and heartbeats are times. */
import { apiUrl } from "../../prefect/installation.ts";
import { formatSpan, ms } from "../../supervision/time.ts";
import type { Examination } from "../examination.ts";
import type { Finding } from "../finding.ts";

export const clock: Examination = {
  name: "clock",
  finds: "the clock differs from that of Prefect's server, or is not kept right by time servers",
  examine: async ({ config, eyes, prefect, now }) => {
    const begin = performance.now();
    const isElsewhere = prefect !== undefined && !config.server.enabled;
    const [there, keeper, mark] = await Promise.all([
      isElsewhere ? eyes.clockOf(`${apiUrl(config)}/health`) : undefined,
      eyes.entry("/run/systemd/timesync"),
      eyes.entry("/run/systemd/timesync/synchronized"),
    ]);
    const here = new Date(now.getTime() + (performance.now() - begin));
    return judgeClock({
      here,
      there,
      isKept: keeper.kind === "seen",
      isRight: mark.kind === "seen",
      upMs: now.getTime() - eyes.bootedAt.getTime(),
    });
  },
};

export interface Clocks {
  readonly here: Date;
  /** Of the server; in whole seconds. */
  readonly there: Date | undefined;
  /** Whether systemd-timesyncd keeps it; who else does, leaves no such trace. */
  readonly isKept: boolean;
  readonly isRight: boolean;
  readonly upMs: number;
}

const mostMs = 15_000;
/** After the boot it takes its time. */
const graceMs = 15 * 60_000;

export function judgeClock({ here, there, isKept, isRight, upMs }: Clocks): readonly Finding[] {
  const found: Finding[] = [];
  const skew = there === undefined ? 0 : here.getTime() - there.getTime();
  if (Math.abs(skew) > mostMs) {
    found.push({
      id: "clock:skew",
      severity: "fault",
      what: `this machine's clock is ${formatSpan(ms(Math.abs(skew)))} ${skew > 0 ? "ahead of" : "behind"} that of Prefect's server`,
      why: "heartbeats look too old or come from the future, and runs begin at the wrong time",
      cure: "`sudo timedatectl set-ntp true` on both machines; `timedatectl` shows whether it took effect",
    });
  }
  if (isKept && !isRight && upMs > graceMs) {
    found.push({
      id: "clock:unsynchronized",
      severity: "warning",
      what: "no time server has set this machine's clock since it was started",
      why: "it drifts: schedules come at the wrong time, and certificates look expired or not yet valid",
      cure: "`timedatectl timesync-status` shows why; often a firewall drops UDP port 123",
    });
  }
  return found;
}
