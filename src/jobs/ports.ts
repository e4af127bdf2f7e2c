/** What jobs need from the outside. */
import type { RememberedJob } from "./job.ts";

export interface Calendar {
  /** Calls back at each due time until it is disposed; also, late, for times that have passed unseen. */
  plan(cron: string, timezone: string, due: (at: Date) => void): Promise<Plan>;
}

export interface Plan extends Disposable {
  readonly next: Date | undefined;
}

export interface JobMemory {
  read(name: string): RememberedJob | undefined;
  /** Resolves when it would survive a loss of power. */
  write(name: string, remembered: RememberedJob): Promise<void>;
}
