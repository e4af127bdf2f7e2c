import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import {
  bootId,
  identify,
  isThere,
  type ProcessIdentity,
  ticksNow,
} from "../../src/host/processes.ts";
import { signalGroup, signalProcess } from "../../src/host/signals.ts";
import {
  type Candidate,
  chooseStrays,
  keyOf,
  type StrayRules,
} from "../../src/host/stray-choice.ts";
import { endStrays, findStrays, type StrayQuery } from "../../src/host/strays.ts";
import type { RunRecord } from "../../src/prefect/ports.ts";
import { ms, seconds } from "../../src/supervision/time.ts";
import { patience } from "./real-launcher.ts";
import { TemporaryCgroup } from "./temporary-cgroup.ts";

const run = { pid: 100, startTime: 1_000 };
const someone: Candidate = {
  pid: 200,
  startTime: 1_500,
  parent: 1,
  session: 200,
  state: "S",
  bearsId: false,
  isInCgroup: false,
};
const rules: StrayRules = { run, others: [], endedAt: 2_000, known: new Set<string>() };
const other = { pid: 300, startTime: 2_500 };

function chosen(all: readonly Partial<Candidate>[], more: Partial<StrayRules> = {}): number[] {
  const candidates = all.map((one) => ({ ...someone, ...one }));
  return chooseStrays(candidates, { ...rules, ...more }).map(({ pid }) => pid);
}

test.each([
  ["nothing of it", {}, false],
  ["its id", { bearsId: true }, true],
  ["its session", { session: 100 }, true],
  ["its cgroup", { isInCgroup: true }, true],
  ["its cgroup, though it began later", { isInCgroup: true, startTime: 3_000 }, true],
  ["its id, though it began after the end", { bearsId: true, startTime: 2_001 }, false],
  ["its session's number, given away", { session: 100, startTime: 2_001 }, false],
  ["its id, but it is dead", { bearsId: true, state: "Z" }, false],
  ["its id, but it is the run", { ...run, bearsId: true }, false],
  ["its id, but it is us", { pid: process.pid, bearsId: true }, false],
] as const)("what has %s", (_, candidate, isStray) => {
  expect(chosen([candidate])).toHaveLength(isStray ? 1 : 0);
});

test("a session that has a stray is stray as a whole", () => {
  const [old, young] = [
    { pid: 200, session: 100 },
    { pid: 201, session: 100, startTime: 3_000 },
  ];
  expect(chosen([young, old])).toEqual([201, 200]);
});

test("what a stray starts is stray, and what that starts", () => {
  const all = [
    { pid: 203, parent: 202, startTime: 3_000 },
    { pid: 202, parent: 201, startTime: 3_000 },
    { pid: 201, bearsId: true },
  ];
  expect(new Set(chosen(all))).toEqual(new Set([201, 202, 203]));
  // It was seen, has gone, and left a child that was seen too.
  const known = new Set([keyOf({ pid: 202, startTime: 3_000 })]);
  expect(chosen(all.slice(0, 2), { known })).toEqual([202, 203]);
});

test.each([
  ["is that process", { ...other, bearsId: true }],
  ["is in its session", { session: 300, startTime: 1_500, bearsId: true }],
  ["began with it, and bears the same id", { startTime: 2_500, bearsId: true }],
])("where the run was begun again, what %s is no stray", (_, candidate) => {
  const more = { others: [other], endedAt: 9_000 };
  expect(chosen([candidate], more)).toEqual([]);
  expect(chosen([{ bearsId: true }], more)).toEqual([200]);
});

/** A run, and what it leaves: each says its name and its pid. */
class Left implements AsyncDisposable {
  readonly id = `run-${process.pid}-${performance.now()}`;
  readonly child: ChildProcess;
  readonly #said = new Map<string, ProcessIdentity>();

  constructor(script: string) {
    this.child = spawn("/bin/sh", ["-c", `say() { echo "$1 $2"; }\n${script}`], {
      detached: true,
      env: { PATH: "/usr/bin:/bin", PREFECT__FLOW_RUN_ID: this.id },
      stdio: ["pipe", "pipe", "ignore"],
    });
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      for (const [, name = "", pid] of text.matchAll(/^(\w+) (\d+)$/gm)) {
        const identity = identify(Number(pid));
        if (identity !== undefined) this.#said.set(name, identity);
      }
    });
  }

  async said(name: string): Promise<ProcessIdentity> {
    return await vi.waitFor(() => {
      const identity = this.#said.get(name);
      if (identity === undefined) throw new Error(`${name} has not been said`);
      return identity;
    }, patience);
  }

  /** As if it had ended a moment ago: only what the run had started by then is looked for. */
  async end(more: Partial<RunRecord> = {}): Promise<StrayQuery> {
    const identity = identify(this.child.pid ?? 0);
    const exited = once(this.child, "exit");
    this.child.kill("SIGKILL");
    await exited;
    const record: RunRecord = {
      flowRunId: this.id,
      pool: "etl",
      pid: this.child.pid ?? 0,
      startTime: identity?.startTime ?? 0,
      bootId: bootId(),
      workerPid: process.pid,
      startedAt: new Date(),
      environment: "",
      output: undefined,
      cgroup: undefined,
      ...more,
    };
    return { record, endedAgo: ms(0), others: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const said = [...this.#said.values()].filter(isThere);
    for (const pid of [this.child.pid ?? 0, ...said.map((one) => one.pid)]) {
      signalGroup(pid, "SIGKILL");
      signalProcess(pid, "SIGKILL");
    }
  }
}

const never = new AbortController().signal;
const pids = (all: readonly ProcessIdentity[]): number[] => all.map(({ pid }) => pid);

test("what a dead run left is found and ended, whatever it has done to hide", async () => {
  await using left = new Left(`
    sleep 1001 & say plain $!
    setsid sleep 1002 & say escaped $!
    env -i sleep 1003 & say bare $!
    setsid sh -c 'trap "" TERM; echo "deaf $$"; while :; do sleep 1004; done' &
    exec sleep 1000`);
  await using stranger = new Left("setsid sleep 1005 & say stranger $!; exec sleep 1000");
  const names = ["plain", "escaped", "bare", "deaf"];
  const its = await Promise.all(names.map((name) => left.said(name)));
  const others = await stranger.said("stranger");
  const query = await left.end();
  const found = await findStrays(query);
  expect(pids(found)).toEqual(expect.arrayContaining(pids(its)));
  expect(found.map(({ commandLine }) => commandLine)).toContain("sleep 1001");
  const ended = await endStrays(query, ms(200), never);
  expect(pids(ended.found)).toEqual(expect.arrayContaining(pids(its)));
  expect(ended.left).toEqual([]);
  expect(its.filter(isThere)).toEqual([]);
  expect(isThere(others)).toBe(true);
  expect(await endStrays(query, ms(200), never)).toEqual({ found: [], left: [] });
});

test("one that goes when it is asked may do so in its own time", async () => {
  await using left = new Left(`
    sh -c 'trap "echo tidied; exit" TERM; sleep 1000 & echo "tidy $$"; wait' &
    exec sleep 1000`);
  const tidy = await left.said("tidy");
  const query = await left.end();
  let text = "";
  left.child.stdout?.on("data", (more: string) => {
    text += more;
  });
  await endStrays(query, seconds(20), never);
  expect(isThere(tidy)).toBe(false);
  await vi.waitFor(() => expect(text).toContain("tidied"), patience);
});

test("who is told to leave them waits no longer, and kills nothing", async () => {
  await using left = new Left(`
    sh -c 'trap "" TERM; echo "deaf $$"; while :; do sleep 1000; done' &
    exec sleep 1000`);
  const deaf = await left.said("deaf");
  const query = await left.end();
  const ended = await endStrays(query, seconds(1_000), AbortSignal.timeout(100));
  expect(pids(ended.left)).toContain(deaf.pid);
  expect(isThere(deaf)).toBe(true);
});

test("a run that was begun again is left alone, with all that it has", async () => {
  await using left = new Left("sleep 1001 & say old $!; exec sleep 1000");
  const old = await left.said("old");
  const query = await left.end();
  await vi.waitUntil(() => ticksNow() > old.startTime, patience);
  const child = spawn("/bin/sh", ["-c", "setsid sleep 1002 & echo $!; exec sleep 1000"], {
    detached: true,
    env: { PATH: "/usr/bin:/bin", PREFECT__FLOW_RUN_ID: left.id },
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [line] = await once(child.stdout, "data");
  const its = [identify(child.pid ?? 0), identify(Number(String(line)))].filter(
    (one) => one !== undefined,
  );
  const [first] = its;
  const others = [{ ...query.record, ...first }];
  await endStrays({ ...query, others }, ms(200), never);
  expect(isThere(old)).toBe(false);
  expect(its).toHaveLength(2);
  expect(its.filter(isThere)).toHaveLength(2);
  for (const { pid } of its) process.kill(pid, "SIGKILL");
});

test("in its cgroup there is no hiding", async (ctx) => {
  await using root = new TemporaryCgroup(ctx);
  const cgroup = root.unit("run").path;
  await using left = new Left(`
    read _
    setsid env -i sh -c 'echo "hidden $$"; exec sleep 1000' &
    exec sleep 1000`);
  writeFileSync(join(cgroup, "cgroup.procs"), String(left.child.pid));
  left.child.stdin?.write("go\n");
  const hidden = await left.said("hidden");
  const below = join(cgroup, "below");
  mkdirSync(below);
  writeFileSync(join(below, "cgroup.procs"), String(hidden.pid));
  const query = await left.end({ cgroup });
  const { found } = await endStrays(query, seconds(20), never);
  expect(pids(found)).toEqual([hidden.pid]);
  expect(isThere(hidden)).toBe(false);
  rmdirSync(below);
});

test("a run of another boot has left nothing", async () => {
  await using left = new Left("sleep 1001 & say plain $!; exec sleep 1000");
  const plain = await left.said("plain");
  const query = await left.end({ bootId: "another" });
  expect(await findStrays(query)).toEqual([]);
  expect(isThere(plain)).toBe(true);
});
