/**
 * Whether the daemon's own loop makes progress: /livez is told of it, and systemd's watchdog is fed
 * by it alone. A process that merely exists proves nothing: its loop may be blocked by one call or
 * drowned in work, or a task that all depends on may never have come back.
 */
import type { Cancel, Clock } from "../supervision/ports.ts";
import { formatSpan, type Millis, ms } from "../supervision/time.ts";

export interface Beat {
  readonly dueAt: Millis;
  readonly at: Millis;
  /** What has been under way for longer than it can be if all is well. */
  readonly overdue: readonly string[];
}

/** Undefined if it makes progress. */
export function whyStuck({ dueAt, at, overdue }: Beat, mostLag: Millis): string | undefined {
  const lag = ms(at - dueAt);
  if (lag > mostLag) return `its loop did not turn for ${formatSpan(lag)}`;
  return overdue.length === 0 ? undefined : `${overdue.join(" and ")} did not come to an end`;
}

export interface HeartbeatDeps {
  readonly clock: Clock;
  /** How long systemd waits for a sign of life. */
  readonly span: Millis;
  readonly overdue: () => readonly string[];
  /** Progress was made. */
  readonly beat: () => void;
  /** It was not: once for each time that it begins. */
  readonly missed: (why: string) => void;
}

export class Heartbeat implements Disposable {
  readonly #deps: HeartbeatDeps;
  readonly #mostLag: Millis;
  #dueAt: Millis;
  #trouble: string | undefined;
  #cancel: Cancel = () => undefined;

  constructor(deps: HeartbeatDeps) {
    this.#deps = deps;
    this.#mostLag = ms(deps.span / 12);
    this.#dueAt = deps.clock.now();
    this.#listen(ms(0));
  }

  /** Why it is stuck: as of the last beat, or because one is due and does not come. */
  get trouble(): string | undefined {
    const { clock } = this.#deps;
    const late = whyStuck({ dueAt: this.#dueAt, at: clock.now(), overdue: [] }, this.#mostLag);
    return late ?? this.#trouble;
  }

  [Symbol.dispose](): void {
    this.#cancel();
  }

  #listen(after: Millis): void {
    const { clock } = this.#deps;
    this.#dueAt = ms(clock.now() + after);
    this.#cancel = clock.schedule(after, () => this.#beat());
  }

  #beat(): void {
    const { clock, span, overdue, beat, missed } = this.#deps;
    const now: Beat = { dueAt: this.#dueAt, at: clock.now(), overdue: overdue() };
    const trouble = whyStuck(now, this.#mostLag);
    if (trouble === undefined) beat();
    else if (this.#trouble === undefined) missed(trouble);
    this.#trouble = trouble;
    // After one that was missed soon again: a single stall is no reason to be killed for.
    this.#listen(ms(trouble === undefined ? span / 3 : span / 20));
  }
}
