/** The last states that we report for others. */
import type { Decision } from "./decision.ts";
import { sentence } from "./words.ts";

export const crashed = (why: string): Decision => ({
  kind: "set-state",
  action: "crash",
  state: { type: "CRASHED", name: "Crashed", message: `${sentence(why)}.` },
  why,
});

export const cancelled = (why: string): Decision => ({
  kind: "set-state",
  action: "cancel",
  state: { type: "CANCELLED", name: "Cancelled", message: `Flow run was cancelled: ${why}.` },
  why,
});
