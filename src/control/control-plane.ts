/** What the routes and the socket may ask of the daemon. `daemon.ts` implements it. */
import type { Status } from "./status.ts";

export interface ControlPlane {
  status(): Status;
  /** Prometheus' text format 0.0.4. */
  metrics(): Promise<string>;
  /** Whether the daemon's own loop makes progress; never of its children. */
  alive(): boolean;
  /** Units by exact name; each is checked before any is touched. */
  order(verb: UnitVerb, units: readonly string[]): OrderResult;
  reload(): Promise<ReloadResult>;
  /** Calls back after each change of a unit, until the signal aborts. */
  subscribe(listener: (event: StatusEvent) => void, signal: AbortSignal): void;
}

export type UnitVerb = "start" | "stop" | "restart";

export type OrderResult =
  | { readonly kind: "done"; readonly units: readonly string[] }
  | { readonly kind: "unknown-unit"; readonly name: string; readonly known: readonly string[] };

export type ReloadResult =
  | {
      readonly kind: "reloaded";
      readonly added: readonly string[];
      readonly changed: readonly string[];
      readonly removed: readonly string[];
      readonly warnings: readonly string[];
    }
  /** Nothing has changed: the configuration of before is in force. */
  | { readonly kind: "faulty"; readonly faults: readonly string[] };

export interface StatusEvent {
  readonly at: string;
  readonly unit: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}
