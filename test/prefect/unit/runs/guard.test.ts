import { describe, expect, test } from "vitest";
import { ms, seconds } from "../../../../src/supervision/time.ts";
import { refused } from "../given.ts";
import { worker } from "./given.ts";
import { guardedPool, ScriptedHost } from "./scripted-host.ts";

const running = ["PENDING", "RUNNING"] as const;
const never = new AbortController().signal;

/** The daemon has looked once at what there is. */
async function guarded(prepare: (host: ScriptedHost) => void): Promise<ScriptedHost> {
  const host = new ScriptedHost();
  prepare(host);
  host.guard.start();
  await host.clock.advance(0);
  return host;
}

describe("runs that are well", () => {
  test("cost one call every fifteen seconds, and one more every thirty", async () => {
    using host = await guarded((it) => {
      for (const id of ["a", "b", "c"]) {
        it.prefect.add(id, running);
        it.start(id);
      }
    });
    await host.clock.advance(60_000);
    const [first, second] = ["list runs", "crashes runs"];
    expect(host.prefect.calls).toEqual([first, second, first, first, second, first, first, second]);
    expect(host.told).toEqual([]);
  });

  test("one whose process outlives it is asked for once", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", [...running, "FAILED"]);
      it.start("a");
    });
    await host.clock.advance(60_000);
    expect(host.prefect.calls.filter((call) => call.endsWith(" a"))).toEqual(["run a"]);
    expect(host.guard.runs).toMatchObject([
      { id: "a", state: "Failed", note: "is Failed in Prefect, its process lives on" },
    ]);
    host.end("a");
    await host.clock.advance(0);
    expect([host.runs, host.prefect.writes, host.told]).toEqual([[], [], []]);
  });

  test("one that has ended well is forgotten, and what it left running only counted", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", running);
      it.start("a");
    });
    host.strays_ = { found: 2, left: [1, 2] };
    host.prefect.move("a", "COMPLETED");
    host.end("a");
    await host.clock.advance(0);
    expect([host.runs, host.prefect.writes]).toEqual([[], []]);
    expect([host.strayCalls, host.told]).toEqual([["report a"], ["a strays: 2, left 2"]]);
    expect(host.guard.runs).toEqual([]);
  });
});

describe("a run that dies", () => {
  const orphan = (it: ScriptedHost): void => {
    it.prefect.add("a", running);
    it.start("a");
  };

  test("is Crashed a second later, with the cause, and forgotten", async () => {
    using host = await guarded(orphan);
    host.death_ = { outOfMemory: "yes", exit: undefined };
    await host.clock.advance(7_000);
    host.end("a");
    await host.clock.advance(0);
    expect(host.guard.unsettled).toEqual(new Map([["runs", 1]]));
    expect(host.guard.runs).toMatchObject([{ id: "a", process: "gone", state: "Running" }]);
    await host.clock.advance(1_000);
    expect(host.prefect.messageOf("a")).toBe(
      "Process 1001 on vm1 ran out of memory and was killed by the kernel.",
    );
    expect(host.told).toEqual([
      "a crash after 1: process 1001 on vm1 ran out of memory and was killed by the kernel",
    ]);
    expect([host.runs, host.guard.runs, host.guard.unsettled.size]).toEqual([[], [], 0]);
    expect(host.strayCalls).toEqual(["kill a"]);
  });

  test("is found by the next sweep if nobody has told", async () => {
    using host = await guarded(orphan);
    host.missed.push("a");
    await host.clock.advance(16_000);
    expect(host.prefect.nameOf("a")).toBe("Crashed");
  });

  test("is left to its worker, which tells how", async () => {
    using host = await guarded((it) => {
      it.workers = [worker(-100)];
      it.prefect.add("a", running);
      it.start("a", { isOrphan: false });
    });
    host.end("a");
    await host.clock.advance(200);
    host.prefect.move("a", "CRASHED", { message: "Process exited with status code: -9" });
    await host.clock.advance(5_000);
    expect([host.prefect.writes, host.runs]).toEqual([[], []]);
  });

  test("with a worker that does not tell, after five seconds", async () => {
    using host = await guarded((it) => {
      it.workers = [worker(-100)];
      it.prefect.add("a", running);
      it.start("a", { isOrphan: false });
    });
    host.end("a");
    await host.clock.advance(4_999);
    expect(host.prefect.writes).toEqual([]);
    await host.clock.advance(1);
    expect(host.told).toEqual([
      "a crash after 5: process 1001 on vm1 is gone: its worker has not said how it ended",
    ]);
  });

  test("is not touched if its state changes at the last moment", async () => {
    using host = await guarded(orphan);
    host.end("a");
    await host.clock.advance(0);
    const asked = host.prefect.calls.length;
    host.prefect.before.set("history a", () => {
      host.prefect.before.set("run a", () => host.prefect.move("a", "COMPLETED"));
    });
    await host.clock.advance(1_000);
    expect(host.prefect.callsSince(asked)).toEqual(["run a", "history a", "run a"]);
    expect([host.prefect.nameOf("a"), host.runs, host.told]).toEqual(["Completed", [], []]);
  });

  test("is not touched if it has been started again at the last moment", async () => {
    using host = await guarded(orphan);
    await host.clock.advance(20_000);
    host.prefect.before.set("history a", () => {
      host.prefect.before.set("run a", () => {
        for (const type of ["CRASHED", "SCHEDULED", "PENDING", "RUNNING"] as const) {
          host.prefect.move("a", type);
        }
      });
    });
    host.end("a", "other-boot");
    await host.clock.advance(9_999);
    expect(host.prefect.writes).toEqual([]);
  });

  test("of the last boot is Crashed at once, and nothing can be left of it", async () => {
    using host = await guarded((it) => {
      orphan(it);
      it.end("a", "other-boot");
    });
    expect(host.prefect.messageOf("a")).toContain("lost when the machine was rebooted");
    expect(host.strayCalls).toEqual([]);
  });

  test("what Prefect refuses is told once and tried again", async () => {
    using host = await guarded(orphan);
    host.prefect.answers.set("set a Crashed", refused(422));
    host.end("a");
    await host.clock.advance(60_000);
    expect(host.prefect.writes.length).toBeGreaterThan(2);
    expect(host.told).toEqual(["a failed: Prefect answered 422: so it is"]);
    host.prefect.answers.clear();
    await host.clock.advance(15_000);
    expect(host.prefect.nameOf("a")).toBe("Crashed");
  });

  test("many at once are settled four at a time", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `r${index}`);
    using host = await guarded((it) => {
      for (const id of ids) {
        it.prefect.add(id, running);
        it.start(id);
      }
    });
    for (const id of ids) host.end(id);
    await host.clock.advance(1_000);
    expect(ids.map((id) => host.prefect.nameOf(id))).toEqual(ids.map(() => "Crashed"));
    expect(host.prefect.mostInFlight).toBe(4);
  });

  test("one that is not understood does not stop the others", async () => {
    using host = await guarded((it) => {
      for (const id of ["a", "odd"]) {
        it.prefect.add(id, running);
        it.start(id);
      }
    });
    host.prefect.answers.set("run odd", { kind: "refused", status: 200, why: "not Prefect's" });
    for (const id of ["odd", "a"]) host.end(id);
    await host.clock.advance(1_000);
    expect(host.prefect.nameOf("a")).toBe("Crashed");
    expect(host.told[0]).toBe("odd failed: not Prefect's");
  });
});

describe("a server that is away", () => {
  test("gets what it has missed when it is back", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", running);
      it.start("a");
    });
    host.prefect.isAway = true;
    host.end("a");
    await host.clock.advance(100_000);
    expect([host.prefect.writes, host.guard.unsettled]).toEqual([[], new Map([["runs", 1]])]);
    host.prefect.isAway = false;
    host.guard.serverIsReady();
    await host.clock.advance(1_000);
    expect(host.told.at(-1)).toMatch(/^a crash after 101: /);
  });

  test("without a word of its return, within fifteen seconds", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", running);
      it.start("a");
    });
    host.prefect.isAway = true;
    host.end("a");
    await host.clock.advance(100_000);
    host.prefect.isAway = false;
    await host.clock.advance(16_000);
    expect(host.prefect.nameOf("a")).toBe("Crashed");
    expect(host.told.filter((words) => words.startsWith("not swept")).length).toBeGreaterThan(3);
  });

  test("gives workers their time to tell when it is back", async () => {
    using host = await guarded((it) => {
      it.workers = [worker(-100)];
      it.prefect.add("a", running);
      it.start("a", { isOrphan: false });
    });
    host.end("a");
    await host.clock.advance(2_000);
    host.prefect.isAway = true;
    await host.clock.advance(100_000);
    host.prefect.isAway = false;
    host.guard.serverIsReady();
    await host.clock.advance(4_999);
    expect(host.prefect.writes).toEqual([]);
    await host.clock.advance(1);
    expect(host.prefect.nameOf("a")).toBe("Crashed");
  });

  test("that was started again, unseen, does so too", async () => {
    using host = await guarded((it) => {
      it.workers = [worker(-100)];
      it.prefect.add("a", running);
      it.start("a", { isOrphan: false });
    });
    host.end("a");
    await host.clock.advance(4_000);
    host.guard.serverIsReady();
    await host.clock.advance(4_999);
    expect(host.prefect.writes).toEqual([]);
  });

  test("goes away in the middle: nothing is half done", async () => {
    for (const call of ["run a", "history a", "set a Crashed"]) {
      using host = await guarded((it) => {
        it.prefect.add("a", running);
        it.start("a");
      });
      host.end("a");
      await host.clock.advance(0);
      host.prefect.before.set(call, () => {
        host.prefect.isAway = true;
      });
      host.prefect.answers.set(call, { kind: "unreachable", why: "reset" });
      await host.clock.advance(1_000);
      expect(host.prefect.nameOf("a"), `at ${call}`).toBe("Running");
      host.prefect.isAway = false;
      host.prefect.answers.clear();
      await host.clock.advance(16_000);
      expect(host.prefect.nameOf("a"), `at ${call}`).toBe("Crashed");
      expect(host.told.filter((words) => words.includes("crash"))).toHaveLength(1);
    }
  });
});

describe("a run that a worker had claimed when it died", () => {
  test("is put back two seconds later", async () => {
    using host = await guarded((it) => {
      it.workers = [worker(-100)];
      it.prefect.add("a", ["PENDING"]);
    });
    await host.clock.advance(20_000);
    expect(host.prefect.writes).toEqual([]);
    host.workers = [];
    host.guard.workerEnded();
    await host.clock.advance(2_000);
    expect(host.prefect.statesOf("a")).toEqual(["Scheduled", "Pending", "AwaitingRetry"]);
    expect(host.prefect.messageOf("a")).toMatch(
      /^Scheduled again by sails-supervisor \(claim 1 of 10\): vm1-runs had claimed it and died/,
    );
  });

  test("ten times", async () => {
    using host = await guarded((it) => it.prefect.add("a", ["PENDING"]));
    for (let count = 1; count <= 10; count += 1) {
      await host.clock.advance(17_000);
      expect(host.prefect.nameOf("a")).toBe("AwaitingRetry");
      host.prefect.move("a", "PENDING");
    }
    await host.clock.advance(17_000);
    expect(host.prefect.messageOf("a")).toMatch(/it has been scheduled again 10 times already\.$/);
  });

  test("is watched if its process is there, although it has no record", async () => {
    using host = await guarded((it) => it.prefect.add("a", ["PENDING"]));
    host.unrecorded.set("a", { pid: 7, startTime: 70, parent: 1 });
    await host.clock.advance(2_000);
    host.prefect.move("a", "RUNNING");
    await host.clock.advance(60_000);
    expect(host.prefect.writes).toEqual([]);
    expect(host.guard.runs).toMatchObject([{ id: "a", pid: 7, state: "Running" }]);
    host.prefect.move("a", "CANCELLING");
    await host.clock.advance(15_000);
    expect(host.signals).toEqual(["SIGTERM 7 at 75"]);
    host.unrecorded.clear();
    await host.clock.advance(32_000);
    expect(host.prefect.nameOf("a")).toBe("Cancelled");
  });

  test("and another host has it now, is left to that, and told once", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", ["PENDING"], { workerName: undefined });
      it.prefect.workers_.push(
        { name: "vm2-runs", status: "ONLINE", last_heartbeat_time: null },
        { name: "vm3-runs", status: "OFFLINE", last_heartbeat_time: null },
        { name: "vm1-runs-2", status: "ONLINE", last_heartbeat_time: null },
      );
    });
    await host.clock.advance(200_000);
    expect(host.prefect.writes).toEqual([]);
    expect(host.told).toEqual([
      "a left: is Pending and has no process on vm1; workers of other hosts serve its pool too (vm2-runs), so it is left to them",
    ]);
    expect(host.guard.runs).toMatchObject([{ id: "a", note: host.told[0]?.slice(8) }]);
    host.prefect.move("a", "COMPLETED");
    await host.clock.advance(15_000);
    expect(host.guard.runs).toEqual([]);
  });

  test("by another host is none of our business", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", running, { workerName: "vm2-runs" });
    });
    await host.clock.advance(200_000);
    expect(new Set(host.prefect.calls)).toEqual(new Set(["list runs", "crashes runs"]));
  });
});

describe("a run whose worker missed the server when it was about to start it", () => {
  const message = "Failed to submit flow run to infrastructure: ConnectError: ";
  const missed = (it: ScriptedHost): void => {
    it.workers = [worker(-100)];
    it.prefect.add("a", ["PENDING"]);
    it.prefect.move("a", "CRASHED", { message });
  };

  test("is put back when the server is back", async () => {
    using host = await guarded((it) => {
      it.workers = [worker(-100)];
      it.prefect.add("a", ["PENDING"]);
    });
    host.prefect.isAway = true;
    await host.clock.advance(20_000);
    host.prefect.isAway = false;
    host.prefect.move("a", "CRASHED", { message });
    host.guard.serverIsReady();
    await host.clock.advance(5_000);
    expect(host.prefect.statesOf("a").slice(1)).toEqual(["Pending", "Crashed", "AwaitingRetry"]);
    expect(host.told.at(-1)).toMatch(/^a reschedule after 5: its worker on vm1 did not reach/);
  });

  test("is found by the sweeps if nothing else has happened", async () => {
    using host = await guarded(() => undefined);
    missed(host);
    await host.clock.advance(36_000);
    expect(host.prefect.nameOf("a")).toBe("AwaitingRetry");
  });

  test("is put back five times, and then told once", async () => {
    using host = await guarded(missed);
    for (let time = 0; time < 12; time += 1) {
      await host.clock.advance(61_000);
      if (host.prefect.nameOf("a") === "AwaitingRetry") {
        host.prefect.move("a", "PENDING");
        host.prefect.move("a", "CRASHED", { message });
      }
    }
    expect(host.prefect.writes).toEqual(Array.from({ length: 5 }, () => "set a AwaitingRetry"));
    expect(host.told.filter((words) => words.includes("left"))).toEqual([
      expect.stringMatching(/has been scheduled again 5 times already: it stays Crashed$/),
    ]);
  });
});

describe("a run that is cancelled", () => {
  const cancelled = (it: ScriptedHost): void => {
    it.prefect.add("a", [...running, "CANCELLING"]);
    it.start("a");
  };

  test("gets SIGTERM, says that it has crashed, and is Cancelled all the same", async () => {
    using host = await guarded(cancelled);
    await host.clock.advance(1_000);
    expect(host.signals).toEqual(["SIGTERM 1001 at 0"]);
    expect(host.prefect.statesOf("a").slice(-3)).toEqual(["Cancelling", "Crashed", "Cancelled"]);
    expect([host.runs, host.told.length]).toEqual([[], 2]);
  });

  test("and started again, and cancelled again, gets SIGTERM again", async () => {
    using host = await guarded(cancelled);
    await host.clock.advance(1_000);
    for (const type of ["SCHEDULED", "PENDING", "RUNNING", "CANCELLING"] as const) {
      host.prefect.move("a", type);
    }
    host.start("a");
    host.guard.serverIsReady();
    await host.clock.advance(1_000);
    expect(host.signals).toEqual(["SIGTERM 1001 at 0", "SIGTERM 1002 at 1"]);
  });

  test("is killed if it does not heed that", async () => {
    using host = await guarded((it) => {
      it.deaf.add("a");
      cancelled(it);
    });
    await host.clock.advance(29_999);
    expect(host.signals).toEqual(["SIGTERM 1001 at 0"]);
    await host.clock.advance(1_001);
    expect(host.signals).toEqual(["SIGTERM 1001 at 0", "SIGKILL 1001 at 30"]);
    expect(host.prefect.nameOf("a")).toBe("Cancelled");
  });

  test("while the server is away is Cancelled later", async () => {
    using host = await guarded((it) => {
      it.deaf.add("a");
      cancelled(it);
    });
    host.prefect.isAway = true;
    host.end("a");
    await host.clock.advance(100_000);
    host.prefect.isAway = false;
    await host.clock.advance(16_000);
    expect(host.prefect.nameOf("a")).toBe("Cancelled");
  });

  test("on our word: Prefect is told, and it is carried out", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", running);
      it.start("a");
    });
    expect(await host.guard.cancel("a", never)).toEqual({ kind: "done" });
    await host.clock.advance(1_000);
    expect([host.signals.length, host.prefect.nameOf("a")]).toEqual([1, "Cancelled"]);
  });

  test.each([
    ["that nobody has begun", [], { kind: "done" }],
    ["that is being cancelled", [...running, "CANCELLING"], { kind: "done" }],
    [
      "that is over",
      [...running, "COMPLETED"],
      { kind: "failed", why: "ABORT: Run is already in terminal state COMPLETED." },
    ],
  ] as const)("on our word, one %s", async (_, through, expected) => {
    using host = await guarded((it) => it.prefect.add("a", through));
    expect(await host.guard.cancel("a", never)).toEqual(expected);
  });
});

describe("a run that crashed before its code began", () => {
  test("is started again, later each time", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", ["PENDING"]);
      it.start("a");
    });
    host.prefect.move("a", "CRASHED");
    host.end("a");
    await host.clock.advance(0);
    expect(host.prefect.messageOf("a")).toMatch(/\(start 1 of 5\)/);
    expect(host.runs).toEqual([]);
    host.prefect.move("a", "PENDING");
    host.start("a");
    host.prefect.move("a", "CRASHED");
    host.end("a");
    await host.clock.advance(0);
    expect(host.prefect.messageOf("a")).toMatch(/\(start 2 of 5\)/);
  });

  test("of its own code's fault stays Crashed", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", ["PENDING"]);
      it.start("a");
    });
    const fault = "Unexpected exception encountered when trying to load flow\nImportError: x";
    host.prefect.logError("a", fault);
    host.prefect.move("a", "CRASHED");
    host.end("a");
    await host.clock.advance(0);
    expect([host.prefect.writes, host.runs]).toEqual([[], []]);
  });
});

describe("a pool whose crashed runs start again", () => {
  const eager = guardedPool("runs", { policy: { onCrash: "reschedule", maxReschedules: 2 } });

  test("tells of the crash first, and stops after two", async () => {
    using host = await guarded((it) => {
      it.pools = [eager];
      it.prefect.add("a", ["PENDING"]);
    });
    for (let start = 1; start <= 3; start += 1) {
      host.start("a");
      host.prefect.move("a", "RUNNING");
      host.end("a");
      await host.clock.advance(1_000);
      if (start < 3) host.prefect.move("a", "PENDING");
    }
    expect(host.prefect.statesOf("a").slice(2)).toEqual([
      ...["Running", "Crashed", "AwaitingRetry", "Pending"],
      ...["Running", "Crashed", "AwaitingRetry", "Pending"],
      ...["Running", "Crashed"],
    ]);
    expect(host.told.at(-1)).toMatch(/^a left: crashed, and it has been scheduled again 2 times/);
    expect(host.runs).toEqual([]);
  });

  test("is not that of a pool which is not declared any more", async () => {
    using host = await guarded((it) => {
      it.pools = [];
      it.prefect.add("a", running, { pool: "old" });
      it.start("a", { pool: "old" });
      it.prefect.add("theirs", running, { pool: "old", workerName: "vm1-old" });
    });
    expect(host.prefect.calls).toEqual(["list old", "crashes "]);
    host.end("a");
    await host.clock.advance(60_000);
    expect(host.prefect.nameOf("a")).toBe("Crashed");
    expect(host.strayCalls).toEqual(["report a"]);
    expect(host.prefect.nameOf("theirs")).toBe("Running");
  });
});

test("of a run that was started twice, the process that lives is shown", async () => {
  using host = await guarded((it) => {
    it.prefect.isAway = true;
    it.prefect.add("a", running);
    it.start("a");
    it.end("a");
    it.start("a", { isOrphan: false });
  });
  host.prefect.isAway = false;
  await host.clock.advance(15_000);
  expect(host.guard.runs).toMatchObject([{ id: "a", pid: 1002, process: "attached" }]);
  expect([host.guard.unsettled.size, host.prefect.writes]).toEqual([0, []]);
});

test("a run that somebody has deleted is forgotten with its process", async () => {
  using host = await guarded((it) => {
    it.prefect.add("a", running);
    it.start("a");
  });
  host.prefect.delete("a");
  await host.clock.advance(60_000);
  expect(host.guard.runs).toMatchObject([
    { state: "deleted", note: "is deleted in Prefect, its process lives on" },
  ]);
  expect(host.prefect.calls.filter((call) => call === "run a")).toHaveLength(1);
  host.end("a");
  await host.clock.advance(0);
  expect([host.runs, host.strayCalls]).toEqual([[], ["kill a"]]);
});

describe("settling everything", () => {
  test("waits for what is about to be reported, and for no worker that lives", async () => {
    using host = await guarded((it) => {
      it.workers = [worker(-100)];
      it.prefect.add("claimed", ["PENDING"], { workerName: "vm1-runs" });
      it.prefect.add("dead", running);
      it.start("dead", { isOrphan: false });
      it.end("dead");
    });
    let isDone = false;
    const all = host.guard.settleAll(never).then((report) => {
      isDone = true;
      return report;
    });
    await host.clock.advance(4_999);
    expect(isDone).toBe(false);
    await host.clock.advance(1);
    expect(await all).toEqual({
      isWhole: true,
      settled: [
        {
          run: { id: "dead", name: "eager-lynx", pool: "runs" },
          action: "crash",
          why: "process 1001 on vm1 is gone: its worker has not said how it ended",
        },
      ],
    });
    expect(host.prefect.nameOf("claimed")).toBe("Pending");
  });

  test("with nothing to do is done at once", async () => {
    using host = await guarded(() => undefined);
    expect(await host.guard.settleAll(never)).toEqual({ isWhole: true, settled: [] });
  });

  test("waits for a server that is away, or until that is enough", async () => {
    using host = await guarded((it) => {
      it.prefect.isAway = true;
      it.prefect.add("a", running);
      it.start("a");
      it.end("a", "other-boot");
    });
    const patient = host.guard.settleAll(never);
    const cut = new AbortController();
    const impatient = host.guard.settleAll(cut.signal);
    await host.clock.advance(100_000);
    cut.abort();
    expect(await impatient).toEqual({ isWhole: false, settled: [] });
    expect(await host.guard.settleAll(cut.signal)).toEqual({ isWhole: false, settled: [] });
    host.prefect.isAway = false;
    host.guard.serverIsReady();
    expect(await patient).toMatchObject({ isWhole: true, settled: [{ action: "crash" }] });
  });

  test("ends with the guard", async () => {
    const host = await guarded((it) => (it.prefect.isAway = true));
    const all = host.guard.settleAll(never);
    host[Symbol.dispose]();
    expect(await all).toEqual({ isWhole: false, settled: [] });
  });
});

describe("ending the runs of a pool", () => {
  const three = (it: ScriptedHost): void => {
    it.pools = [guardedPool("runs"), guardedPool("more")];
    for (const id of ["a", "b"]) {
      it.prefect.add(id, running);
      it.start(id);
    }
    it.prefect.add("c", running, { pool: "more" });
    it.start("c", { pool: "more" });
  };

  test("asks each, and lets it say so itself", async () => {
    using host = await guarded(three);
    const living = await host.guard.living(["runs"], never);
    expect(living.in().map(({ id }) => id)).toEqual(["a", "b"]);
    const ending = living.terminate(seconds(20), never);
    await host.clock.advance(0);
    await ending;
    expect(await host.guard.settleAll(never)).toEqual({ isWhole: true, settled: [] });
    expect(host.signals).toEqual(["SIGTERM 1001 at 0", "SIGTERM 1002 at 0"]);
    expect(host.runs.map(({ record }) => record.flowRunId)).toEqual(["c"]);
    expect(["a", "b", "c"].map((id) => host.prefect.nameOf(id))).toEqual([
      "Crashed",
      "Crashed",
      "Running",
    ]);
  });

  test("kills the deaf when patience is over, and says so for them", async () => {
    using host = await guarded((it) => {
      three(it);
      it.deaf.add("b");
    });
    const living = await host.guard.living(["runs", "more"], never);
    const ending = living.terminate(seconds(20), never);
    await host.clock.advance(19_999);
    expect(host.signals).toHaveLength(3);
    await host.clock.advance(1);
    await ending;
    const settling = host.guard.settleAll(never);
    await host.clock.advance(1_000);
    expect((await settling).settled).toMatchObject([{ run: { id: "b" }, action: "crash" }]);
    expect(host.signals.at(-1)).toBe("SIGKILL 1002 at 20");
    expect(host.runs).toEqual([]);
  });

  test("is cut short by whoever cannot wait", async () => {
    using host = await guarded((it) => {
      three(it);
      it.deaf.add("b");
    });
    const cut = new AbortController();
    const living = await host.guard.living(["runs"], never);
    const ending = living.terminate(seconds(20), cut.signal);
    await host.clock.advance(1_000);
    cut.abort();
    await ending;
    expect(host.signals).toHaveLength(2);
  });

  test("waits no longer than five seconds for what cannot be killed", async () => {
    using host = await guarded(three);
    host.signal = () => undefined;
    const living = await host.guard.living(["runs"], never);
    const ending = living.terminate(ms(1_000), never);
    await host.clock.advance(6_000);
    await ending;
    expect(living.in()).toHaveLength(2);
  });

  const attached = { pid: 77, startTime: 7, parent: 50 };

  test("ends those too that have no record, and sees by itself that they have gone", async () => {
    using host = await guarded((it) => {
      it.workers = [worker(-100)];
      it.prefect.add("a", running, { workerName: "vm1-runs" });
      it.unrecorded.set("a", attached);
    });
    const living = await host.guard.living(["runs"], never);
    expect(living.in()).toMatchObject([{ id: "a", pool: "runs", pid: 77 }]);
    const ended = living.ended(["runs"], seconds(10), never);
    await host.clock.advance(10_000);
    await ended;
    const ending = living.terminate(seconds(30), never);
    await host.clock.advance(0);
    expect(host.signals).toEqual(["SIGTERM 77 at 10"]);
    // What it has left behind bears its mark, too.
    host.unrecorded.set("a", { ...attached, pid: 78, startTime: 8 });
    await host.clock.advance(1_000);
    await ending;
    expect(host.signals).toHaveLength(1);
    expect(host.clock.now()).toBe(11_000);
  });

  test("leaves those alone that a worker of another host has", async () => {
    using host = await guarded((it) => {
      it.prefect.add("a", running, { workerName: "vm2-runs" });
      it.unrecorded.set("a", attached);
    });
    expect((await host.guard.living(["runs"], never)).in()).toEqual([]);
  });

  test("knows those that have a record although the server is away", async () => {
    using host = await guarded((it) => {
      three(it);
      it.prefect.isAway = true;
    });
    expect((await host.guard.living(["more"], never)).in()).toMatchObject([{ id: "c" }]);
  });
});

test("a guard that is disposed leaves nothing behind, and does nothing any more", async () => {
  const host = await guarded((it) => {
    it.prefect.add("a", running);
    it.start("a");
  });
  host.end("a");
  await host.clock.advance(500);
  host[Symbol.dispose]();
  expect(host.clock.pending).toBe(0);
  host.guard.serverIsReady();
  host.guard.workerEnded();
  await host.clock.advance(100_000);
  expect([host.prefect.writes, host.clock.pending]).toEqual([[], 0]);
});
