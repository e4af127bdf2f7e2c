import { expect, test } from "vitest";
import { dutyOf } from "../../src/jobs/due.ts";
import { nothingRemembered, type RememberedJob } from "../../src/jobs/job.ts";

const now = new Date("2026-10-25T01:30:00Z");
const nightly = { cron: "17 3 * * *", timezone: "UTC" };
const earlier = new Date("2026-10-24T03:17:00Z");
const later = new Date("2026-10-26T03:17:00Z");
const known = (changes: Partial<RememberedJob>): RememberedJob => ({
  ...nothingRemembered,
  ...nightly,
  ...changes,
});

test.each<[string, typeof nightly | undefined, boolean, RememberedJob, object]>([
  [
    "is new: what came before is not its affair",
    nightly,
    true,
    nothingRemembered,
    { kind: "wait" },
  ],
  ["is not due yet", nightly, true, known({ next: later }), { kind: "wait" }],
  ["was due meanwhile", nightly, true, known({ next: earlier }), { kind: "missed", due: earlier }],
  ["is due this very moment", nightly, true, known({ next: now }), { kind: "missed", due: now }],
  [
    "was due at times that hold no more",
    { cron: "17 4 * * *", timezone: "UTC" },
    true,
    known({ next: earlier }),
    { kind: "wait" },
  ],
  [
    "has moved to another zone",
    { cron: nightly.cron, timezone: "Europe/Berlin" },
    true,
    known({ next: earlier }),
    { kind: "wait" },
  ],
  ["is by order only now", undefined, true, known({ next: earlier }), { kind: "wait" }],
  [
    "ran when the daemon ended, and may run again",
    nightly,
    true,
    known({ running: earlier, next: later }),
    { kind: "interrupted", due: earlier, again: true },
  ],
  [
    "ran when the daemon ended, and may not: also if it is due",
    nightly,
    false,
    known({ running: earlier, next: earlier }),
    { kind: "interrupted", due: earlier, again: false },
  ],
])("a job that %s", (_, times, isRepeatable, remembered, duty) => {
  expect(dutyOf({ times, isRepeatable }, remembered, now)).toEqual(duty);
});
