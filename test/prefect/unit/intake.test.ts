import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PrefectApi } from "../../../src/prefect/api/client.ts";
import type { ClosedFor } from "../../../src/prefect/runs/closure.ts";
import { type Closures, Intake } from "../../../src/prefect/runs/intake.ts";
import { type Millis, minutes } from "../../../src/supervision/time.ts";
import { away, onServer, ScriptedApi, signal } from "./given.ts";

const noon = new Date("2026-01-01T12:00:00Z");

/** A server with one pool, and daemons that come and go. */
function setUp(isPaused: boolean) {
  const api = new ScriptedApi();
  api.pools_ = [onServer("runs", { is_paused: isPaused })];
  const server: PrefectApi = api;
  let kept: Closures = {};
  let writes = 0;
  let lost: "request" | "answer" | undefined;
  const begin = (): Intake =>
    new Intake({
      api: {
        pools: () => api.pools(),
        updatePool: async (...change) => {
          const loses = lost;
          lost = undefined;
          if (loses === "request") return away;
          const answer = await server.updatePool(...change);
          return loses === "answer" ? away : answer;
        },
      },
      closures: () => kept,
      keep: (closures) => {
        kept = closures;
        writes += 1;
        return Promise.resolve();
      },
      now: () => new Date(api.now),
    });
  return {
    api,
    begin,
    /** Of the next change of a pool. */
    loseNext: (what: typeof lost) => void (lost = what),
    pass: (span: Millis) => void (api.now += span),
    kept: () => kept,
    written: () => writes,
    isPaused: () => api.pools_[0]?.is_paused,
  };
}

describe("a pool that is closed", () => {
  test("is paused, and goes on when it is opened", async () => {
    const { begin, isPaused, kept } = setUp(false);
    const intake = begin();
    await intake.close("runs", "hot-restart", signal);
    expect(isPaused()).toBe(true);
    expect(kept()).toEqual({
      runs: {
        reasons: ["hot-restart"],
        isOurs: true,
        since: noon.toISOString(),
        askedAt: noon.toISOString(),
        isToldOf: true,
        stamp: { updated: expect.any(String), rest: expect.any(String) },
      },
    });
    await intake.open("runs", "hot-restart", signal);
    expect(isPaused()).toBe(false);
    expect(kept()).toEqual({});
  });

  test("by an operator before stays closed when we are done", async () => {
    const { api, begin, isPaused, kept } = setUp(true);
    const intake = begin();
    await intake.close("runs", "drain", signal);
    await intake.open("runs", "drain", signal);
    expect(isPaused()).toBe(true);
    expect(api.writes).toEqual([]);
    expect(kept()).toEqual({});
  });

  test("for two reasons opens when both are over", async () => {
    const { begin, isPaused } = setUp(false);
    const intake = begin();
    await intake.close("runs", "drain", signal, noon);
    await intake.close("runs", "hot-restart", signal);
    await intake.open("runs", "hot-restart", signal);
    expect(isPaused()).toBe(true);
    await intake.open("runs", "drain", signal);
    expect(isPaused()).toBe(false);
  });

  test("and resumed by an operator is not touched again", async () => {
    const { api, begin } = setUp(false);
    const intake = begin();
    await intake.close("runs", "drain", signal);
    await api.updatePool("runs", { is_paused: false });
    const writes = api.writes.length;
    await intake.open("runs", "drain", signal);
    expect(api.writes).toHaveLength(writes);
  });

  test("is known as ours before Prefect is told", async () => {
    const { api, begin, kept } = setUp(false);
    api.answers.set('update runs {"is_paused":true}', away);
    expect(await begin().close("runs", "drain", signal)).toBe(away);
    expect(kept()["runs"]?.isOurs).toBe(true);
  });

  test("and cannot be opened, the server being away, is opened later", async () => {
    const { api, begin, isPaused } = setUp(false);
    const intake = begin();
    await intake.close("runs", "hot-restart", signal);
    api.answers.set("pools", away);
    expect(await intake.open("runs", "hot-restart", signal)).toBe(away);
    api.answers.clear();
    await intake.recover(signal);
    expect(isPaused()).toBe(false);
  });
});

describe("a daemon that dies over it", () => {
  test.each([
    ["hot-restart", false],
    ["stop", false],
    ["drain", true],
    ["check", true],
  ] as const)("%s: afterwards paused is %s", async (reason, expected) => {
    const { begin, isPaused } = setUp(false);
    await begin().close("runs", reason, signal);
    await begin().recover(signal);
    expect(isPaused()).toBe(expected);
  });

  test("what the next one has closed itself stays closed", async () => {
    const { begin, isPaused } = setUp(false);
    const intake = begin();
    await intake.close("runs", "hot-restart", signal);
    await intake.recover(signal);
    expect(isPaused()).toBe(true);
  });
});

describe("an operator who does something while a pool is closed by us", () => {
  test.each(["drain", "check", "stop"] as const)("%s: a pause stays", async (reason) => {
    const { api, begin, isPaused, kept } = setUp(false);
    await begin().close("runs", reason, signal);
    await api.updatePool("runs", { is_paused: true });
    await begin().open("runs", reason, signal);
    expect(isPaused()).toBe(true);
    expect(kept()).toEqual({});
  });

  test("opens it and pauses it: it stays paused", async () => {
    const { api, begin, isPaused } = setUp(false);
    const intake = begin();
    await intake.close("runs", "check", signal);
    await api.updatePool("runs", { is_paused: false });
    await api.updatePool("runs", { is_paused: true });
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(true);
  });

  test("changes its limit: it is opened all the same", async () => {
    const { api, begin, isPaused } = setUp(false);
    const intake = begin();
    await intake.close("runs", "check", signal);
    await api.updatePool("runs", { concurrency_limit: 5 });
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(false);
  });

  test("opens it: that is respected, and the closing is over", async () => {
    const { api, begin, isPaused, kept } = setUp(false);
    const intake = begin();
    await intake.close("runs", "check", signal);
    await api.updatePool("runs", { is_paused: false });
    await intake.review("runs", "check", signal);
    expect(isPaused()).toBe(false);
    expect(kept()).toEqual({});
  });

  test("pauses it, and then changes its limit: what was seen in between counts", async () => {
    const { api, begin, isPaused } = setUp(false);
    const intake = begin();
    await intake.close("runs", "check", signal);
    await api.updatePool("runs", { concurrency_limit: 5 });
    await intake.review("runs", "check", signal);
    await api.updatePool("runs", { is_paused: true });
    await intake.review("runs", "check", signal);
    await api.updatePool("runs", { concurrency_limit: 6 });
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(true);
  });

  test("changes its limit alone: it is opened, however often it was looked at", async () => {
    const { api, begin, isPaused } = setUp(false);
    const intake = begin();
    await intake.close("runs", "check", signal);
    for (const concurrency_limit of [5, 6]) {
      await api.updatePool("runs", { concurrency_limit });
      await intake.review("runs", "check", signal);
    }
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(false);
  });

  test.each(["request", "answer"] as const)(
    "pauses it long after our %s was lost: it stays paused",
    async (lost) => {
      const { api, begin, isPaused, loseNext, pass } = setUp(false);
      loseNext(lost);
      expect(await begin().close("runs", "check", signal)).toBe(away);
      pass(minutes(5));
      await api.updatePool("runs", { is_paused: true });
      await begin().open("runs", "check", signal);
      expect(isPaused()).toBe(true);
    },
  );

  test("does nothing: what was paused although the answer was lost is opened", async () => {
    const { begin, isPaused, loseNext } = setUp(false);
    loseNext("answer");
    await begin().close("runs", "check", signal);
    expect(isPaused()).toBe(true);
    await begin().open("runs", "check", signal);
    expect(isPaused()).toBe(false);
  });

  test("opens what was paused before us: now it is our turn", async () => {
    const { api, begin, isPaused } = setUp(true);
    const intake = begin();
    await intake.close("runs", "check", signal);
    await api.updatePool("runs", { is_paused: false });
    await intake.review("runs", "check", signal);
    expect(isPaused()).toBe(true);
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(false);
  });

  test("does nothing: nothing is written, however often it is looked at", async () => {
    const { begin, written } = setUp(false);
    const intake = begin();
    await intake.close("runs", "check", signal);
    const before = written();
    await intake.review("runs", "check", signal);
    await intake.open("other", "check", signal);
    expect(written()).toBe(before);
  });

  test("what Prefect has not heard of is told again, and not taken for an operator's word", async () => {
    const { api, begin, isPaused } = setUp(false);
    api.answers.set('update runs {"is_paused":true}', away);
    await begin().close("runs", "check", signal);
    api.answers.clear();
    await begin().review("runs", "check", signal);
    expect(isPaused()).toBe(true);
  });
});

describe("what we write ourselves while a pool is closed by us", () => {
  const putBack = { concurrency_limit: 2 };

  async function closed() {
    const there = setUp(false);
    await there.api.updatePool("runs", putBack);
    const intake = there.begin();
    await intake.close("runs", "check", signal);
    return { ...there, intake };
  }

  test("an operator changes the limit, and we put it back: it is opened", async () => {
    const { api, intake, isPaused } = await closed();
    await api.updatePool("runs", { concurrency_limit: 9 });
    await intake.update("runs", putBack, signal);
    await intake.review("runs", "check", signal);
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(false);
    expect(api.pools_).toMatchObject([putBack]);
  });

  test("the same again, and each time it is seen in between: it is opened", async () => {
    const { api, intake, isPaused } = await closed();
    for (let times = 0; times < 3; times += 1) {
      await api.updatePool("runs", { concurrency_limit: 9 });
      await intake.update("runs", putBack, signal);
    }
    await intake.review("runs", "check", signal);
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(false);
  });

  test("an operator pauses it before we put the limit back: it stays paused", async () => {
    const { api, intake, isPaused } = await closed();
    await api.updatePool("runs", { is_paused: true });
    await intake.update("runs", putBack, signal);
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(true);
  });

  test("an operator pauses it after we put the limit back: it stays paused", async () => {
    const { api, intake, isPaused } = await closed();
    await api.updatePool("runs", { concurrency_limit: 9 });
    await intake.update("runs", putBack, signal);
    await api.updatePool("runs", { is_paused: true });
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(true);
  });

  test.each(["request", "answer"] as const)(
    "its %s is lost: it is opened, and what failed is told",
    async (lost) => {
      const { api, intake, isPaused, loseNext } = await closed();
      await api.updatePool("runs", { concurrency_limit: 9 });
      loseNext(lost);
      expect(await intake.update("runs", putBack, signal)).toBe(away);
      await intake.update("runs", putBack, signal);
      await intake.open("runs", "check", signal);
      expect(isPaused()).toBe(false);
    },
  );

  test("a description that an operator changes is no pause", async () => {
    const { api, intake, isPaused } = await closed();
    await api.updatePool("runs", { description: "theirs" });
    await intake.open("runs", "check", signal);
    expect(isPaused()).toBe(false);
  });

  test("to a pool that is not closed costs no question", async () => {
    const { api, begin } = setUp(false);
    await begin().update("runs", putBack, signal);
    expect(api.calls).toEqual(['update runs {"concurrency_limit":2}']);
  });
});

test("whatever happens in whatever order, at the end a pool is as the operator left it", async () => {
  const reason = fc.constantFrom<ClosedFor>("hot-restart", "drain", "stop", "check");
  const act = fc.oneof(
    fc.record({ kind: fc.constant("close" as const), reason }),
    fc.record({ kind: fc.constant("open" as const), reason }),
    fc.constant({ kind: "review" as const, reason: "check" as const }),
    fc.record({ kind: fc.constant("operator" as const), pauses: fc.boolean() }),
    fc.constant({ kind: "die" as const }),
    fc.constant({ kind: "ours" as const }),
    fc.record({ kind: fc.constant("lose" as const), isHeard: fc.boolean() }),
  );
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.array(act), async (before, acts) => {
      const { api, begin, isPaused, kept, pass, loseNext } = setUp(before);
      let intake = begin();
      let wanted = before;
      let limit = 0;
      for (const each of acts) {
        pass(minutes(60));
        if (each.kind === "die") intake = begin();
        else if (each.kind === "lose") loseNext(each.isHeard ? "answer" : "request");
        else if (each.kind === "operator") {
          await api.updatePool("runs", { is_paused: each.pauses });
          wanted = each.pauses;
        } else if (each.kind === "ours") {
          // Never a change of nothing: what is as it is declared is not written.
          limit += 1;
          await intake.update("runs", { concurrency_limit: limit }, signal);
        } else await intake[each.kind]("runs", each.reason, signal);
      }
      loseNext(undefined);
      await begin().recover(signal);
      await begin().open("runs", "drain", signal);
      await begin().open("runs", "check", signal);
      expect(isPaused()).toBe(wanted);
      expect(kept()).toEqual({});
    }),
    { numRuns: 5000 },
  );
});
