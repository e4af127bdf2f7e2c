/** Tells everybody who listens what happens to units: log, metrics, page, systemd. It cannot steer. */
import type { StatusEvent } from "../control/control-plane.ts";
import type { Status } from "../control/status.ts";
import type { Level } from "../host/log.ts";
import type { Notifier } from "../host/notifier.ts";
import { describe } from "../supervision/describe.ts";
import type { Clock } from "../supervision/ports.ts";
import type { ProbeKind, Verdict } from "../supervision/probe.ts";
import { ms } from "../supervision/time.ts";
import type { UnitEvent, UnitState } from "../supervision/unit-state.ts";
import type { Observer, UnitView } from "../supervision/unit-view.ts";
import type { Event } from "./events.ts";
import { narrate } from "./narrator.ts";
import { type CommandLine, headline, startSummary } from "./summary.ts";

export interface HeraldDeps {
  readonly clock: Clock;
  readonly metrics: Observer;
  readonly tell: (level: Level, message: string, event?: Event) => void;
  readonly notifier: Pick<Notifier, "status">;
  readonly publish: (event: StatusEvent) => void;
  readonly status: () => Status;
  /** Told of each overview, as long as the daemon is not stopping. */
  readonly heed: (status: Status) => void;
  /** Whether all has been done that belongs to a start. */
  readonly isSettled: () => boolean;
  /** For the summary. */
  readonly command: CommandLine;
  readonly howToStop: string;
}

/** Not at each of a thousand changes at once. */
const overviewAfter = ms(200);

export class Herald implements Observer {
  readonly #deps: HeraldDeps;
  #isOverviewDue = false;
  #isSummaryDue = true;
  #isOver = false;

  constructor(deps: HeraldDeps) {
    this.#deps = deps;
  }

  probed(unit: UnitView, kind: ProbeKind, verdict: Verdict): void {
    this.#deps.metrics.probed(unit, kind, verdict);
  }

  transition(unit: UnitView, from: UnitState, event: UnitEvent): void {
    const { clock, metrics, tell, publish } = this.#deps;
    metrics.transition(unit, from, event);
    const now = clock.now();
    const told = narrate(unit, from, event, now);
    if (told !== undefined) tell(told.level, told.text, told.event);
    const before = describe({ ...unit, spec: unit.spec, state: from }, now);
    const after = describe(unit, now);
    if (before.reason !== after.reason) this.overviewSoon();
    if (before.state === after.state && before.code === after.code) return;
    const at = new Date().toISOString();
    publish({
      at,
      unit: unit.spec.name,
      from: before.state,
      to: after.state,
      reason: after.reason,
    });
  }

  overviewSoon(): void {
    if (this.#isOverviewDue) return;
    this.#isOverviewDue = true;
    this.#deps.clock.schedule(overviewAfter, () => this.#overview());
  }

  /** The last word of `systemctl status`. */
  stopped(): void {
    this.#isOver = true;
    this.#deps.notifier.status("Stopped");
  }

  #overview(): void {
    if (this.#isOver) return;
    const { status, notifier, tell, isSettled, command, howToStop } = this.#deps;
    this.#isOverviewDue = false;
    const now = status();
    notifier.status(headline(now));
    if (now.supervisor.phase === "stopping") this.#isSummaryDue = false;
    else this.#deps.heed(now);
    if (!this.#isSummaryDue || !now.ready || !isSettled()) return;
    this.#isSummaryDue = false;
    tell("notice", startSummary(now, command, howToStop));
  }
}
