/** One line of output, what is known of it, and which lines are wanted. */

/** As journald and Prefect have them together, the worst first, with their numbers in the journal. */
export const levels = { critical: 2, error: 3, warning: 4, notice: 5, info: 6, debug: 7 } as const;

export type LogLevel = keyof typeof levels;

export interface LogLine {
  readonly unit: string;
  readonly line: string;
  /** Undefined where nothing tells it. */
  readonly at: Date | undefined;
  readonly level: LogLevel;
}

export interface Wanted {
  /** This one and the worse ones. */
  readonly level: LogLevel | undefined;
  readonly since: Date | undefined;
  readonly until: Date | undefined;
}

export const wantsAll = ({ level, since, until }: Wanted): boolean =>
  level === undefined && since === undefined && until === undefined;

/** A line of which nothing tells the time is shown whatever time is asked for: better than to hide it. */
export const isWanted = ({ level, since, until }: Wanted, line: LogLine): boolean =>
  (level === undefined || levels[line.level] <= levels[level]) &&
  (since === undefined || line.at === undefined || line.at >= since) &&
  (until === undefined || line.at === undefined || line.at <= until);

/** `2` is critical, and so is what is worse still. */
export const levelOfPriority = (priority: number): LogLevel =>
  ladder.find((level) => priority <= levels[level]) ?? "debug";

const ladder: readonly LogLevel[] = ["critical", "error", "warning", "notice", "info"];
