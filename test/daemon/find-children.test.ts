import { expect, test } from "vitest";
import { type Found, findChildren, type Traces } from "../../src/daemon/find-children.ts";
import type { RecordedChild } from "../../src/daemon/memory.ts";
import type { FoundProcess, ProcessStat } from "../../src/host/processes.ts";

const bootId = "this boot";

const record: RecordedChild = {
  pid: 100,
  startTime: 5_000,
  bootId,
  invocation: "first",
  spawnedAt: new Date(0),
  spawns: 3,
  specHash: "abc",
  killMode: "process",
  cgroup: null,
};

function marked(pid: number, invocation: string, more: Partial<FoundProcess> = {}): FoundProcess {
  const variables = new Map([
    ["SAILS_UNIT", "worker@a"],
    ["SAILS_INVOCATION_ID", invocation],
    ["SAILS_SPEC_HASH", "abc"],
  ]);
  return { pid, startTime: 5_000 + pid, isSessionLeader: true, variables, ...more };
}

function find(traces: Partial<Traces>): Found | undefined {
  const processes = new Map(
    [{ pid: 100, startTime: 5_000 }, ...(traces.marked ?? [])].map((each) => [each.pid, each]),
  );
  const found = findChildren({
    records: new Map([["worker@a", record]]),
    marked: [],
    bootId,
    look: (pid) => processes.get(pid) as ProcessStat | undefined,
    holdsLifeline: () => true,
    ...traces,
  });
  return found.get("worker@a");
}

const nobody = () => undefined;
const another = () => ({ pid: 100, startTime: 6_000 }) as ProcessStat;
const noRecord = new Map();
const noSense = new Map([["worker@a", undefined]]);
const otherBoot = new Map([["worker@a", { ...record, bootId: "the last boot" }]]);

const takesOver = (pid: number, spawns: number) => ({
  kind: "marked",
  child: expect.objectContaining({ pid, spawns }),
});

test.each<readonly [string, Partial<Traces>, unknown]>([
  ["what is recorded and is there", {}, { kind: "recorded", record }],
  [
    "what is recorded and is there, whatever else bears its marks",
    { marked: [marked(200, "second")] },
    { kind: "recorded", record },
  ],
  ["nothing", { records: noRecord }, undefined],
  ["one that has gone", { look: nobody }, { kind: "lost", why: "gone", pid: 100 }],
  ["another with its number", { look: another }, { kind: "lost", why: "pid_reused", pid: 100 }],
  ["one of another boot", { records: otherBoot }, { kind: "lost", why: "other_boot", pid: 100 }],
  ["a record without sense", { records: noSense }, { kind: "lost", why: "record", pid: undefined }],
  [
    "a successor that was not recorded any more",
    { look: nobody, marked: [marked(200, "second")] },
    takesOver(200, 4),
  ],
  [
    "a child of a daemon whose records are lost",
    { records: noRecord, marked: [marked(200, "second")] },
    takesOver(200, 1),
  ],
  [
    "a child whose record has no sense",
    { records: noSense, marked: [marked(200, "second")] },
    takesOver(200, 1),
  ],
  [
    "what a recorded child has left behind: that is not the child",
    { look: nobody, marked: [marked(200, "first")] },
    { kind: "lost", why: "gone", pid: 100 },
  ],
  [
    "a child, and what escaped from it",
    { records: noRecord, marked: [marked(201, "second"), marked(200, "second")] },
    takesOver(200, 1),
  ],
  [
    "a child, and what escaped from its predecessor",
    { records: noRecord, marked: [marked(150, "first"), marked(200, "second")] },
    takesOver(200, 1),
  ],
  [
    "what leads no session, as no child of a daemon does",
    { records: noRecord, marked: [marked(200, "second", { isSessionLeader: false })] },
    undefined,
  ],
  [
    "what holds no lifeline",
    { records: noRecord, marked: [marked(200, "second")], holdsLifeline: () => false },
    { kind: "lost", why: "no_lifeline", pid: 200 },
  ],
])("%s", (_, traces, expected) => {
  expect(find(traces)).toEqual(expected);
});
