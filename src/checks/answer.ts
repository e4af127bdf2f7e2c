/** What one look at a check found. */

export type Level = "ok" | "warn" | "fail";

export type Answer =
  | Found
  /** The prober's own trouble: nothing is known of what was asked. */
  | { readonly kind: "error"; readonly why: string };

export interface Found {
  readonly kind: Level;
  /** After the name of the check, as a sentence without its end. */
  readonly why: string;
  /** What the reader can do. */
  readonly cure?: string | undefined;
  /** What will come of it if nothing is done, and when. */
  readonly next?: string | undefined;
  /** Only of what failed: whether it did not answer in time. */
  readonly isLate?: true;
}

export const severity: Readonly<Record<Level, number>> = { ok: 0, warn: 1, fail: 2 };
