/**
 * The events of the daemon's that have an id in the journal, by which they are found and explained:
 * `journalctl MESSAGE_ID=…`, `journalctl -x`. An id never changes its meaning. What each means and
 * what to do is in systemd/sails-supervisor.catalog.
 */
import type { Mark } from "../host/log.ts";

export const eventIds = {
  "unit-started": "5d9f9fb570e994be075222fa4be3dc86",
  "unit-ready": "94bda499c017a676eec6fb4b6ecf50a1",
  "unit-unready": "ada87bbe485df9958a11997296523ed0",
  "unit-died": "360bb5fd257a159c0f414c923a855206",
  "unit-broken": "f061a877bff3f2bc82708dec1e457116",
  "unit-waits": "3380bc2695e0cb825fc5247af39e9d4c",
  "unit-stopped": "dddd3c842e4030d62d5ef6cc41685383",
  "check-fails": "9433a943e79c18ee758f54bb4cdb2dcc",
  "check-warns": "07e033a99b6a568cffca6f56939f492a",
  "check-holds": "c1a497e0bcfcb81b6a6862811f671caf",
  "pool-closed": "8462401b2fc6cb5b345412a0c2701a8e",
  "pool-opened": "0cadae6f2bd7b5050ce8b3cd704ee98e",
  "run-crashed": "2d419d2772d4a7a0b24b684bf51c1603",
  "run-rescheduled": "d952069849c4c066ca87df09fde2d662",
  "run-cancelled": "ad765708552e30b4af5ff36ab34c8ddd",
  "job-failed": "3f168dec350b5ba98bce50c45891dc86",
  "config-refused": "2b8f0277be1fa506bffb624adb8d6b39",
  "config-reloaded": "cde7e51a0cee33570a425b1ff46530d4",
  "start-refused": "1b2eb2b3ca5b8d294d564e51b01169d8",
  stalled: "a39e43658cbee64af25d980d0642c92f",
} as const;

export type EventKind = keyof typeof eventIds;

export interface Event {
  readonly kind: EventKind;
  /** Which unit, check, pool, flow run or job it is about. */
  readonly of?: string;
  readonly reason?: string;
  readonly next?: string;
}

/** As journald takes it. Each field is there, for the catalogue speaks of them all. */
export function markOf({ kind, of = "", reason = "", next = "" }: Event): Mark {
  const fields = { SAILS_EVENT: kind, SAILS_OF: of, SAILS_REASON: reason, SAILS_NEXT: next };
  return { id: eventIds[kind], fields };
}

/** Of what the board of jobs says, a job that has failed is an event. */
export function eventOfJob(message: string): Event | undefined {
  const [, of = "", reason = ""] = /^job (\S+) has failed after [^:]+: (.*)$/s.exec(message) ?? [];
  return of === "" ? undefined : { kind: "job-failed", of, reason };
}
