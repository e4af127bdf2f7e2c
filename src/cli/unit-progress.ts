/** How far an order has come, as the status shows it. */
import type { UnitVerb } from "../control/control-plane.ts";
import type { UnitStatus } from "../control/status.ts";

export type Progress =
  | { readonly kind: "reached" }
  | { readonly kind: "underway"; readonly words: string }
  /** Waiting any longer would be in vain. */
  | { readonly kind: "failed"; readonly words: string };

/** @param unit undefined when it is no longer declared */
export function progressOf(verb: UnitVerb, unit: UnitStatus | undefined): Progress {
  if (unit === undefined) {
    return verb === "stop"
      ? { kind: "reached" }
      : { kind: "failed", words: "is no longer in the configuration" };
  }
  const words = `${unit.state}: ${unit.reason}${unit.next === null ? "" : `; next: ${unit.next}`}`;
  const underway = { kind: "underway", words } as const;
  if (verb === "stop") {
    if (unit.state === "stopped") return { kind: "reached" };
    return unit.desired === "up"
      ? { kind: "failed", words: `has been started again meanwhile; ${words}` }
      : underway;
  }
  if (unit.ready) return { kind: "reached" };
  if (unit.desired === "down")
    return { kind: "failed", words: `has been stopped meanwhile; ${words}` };
  const needsChange = unit.reasonCode === "breaker" || unit.reasonCode === "config";
  return unit.state === "backoff" && needsChange ? { kind: "failed", words } : underway;
}
