import { describe, expect, test } from "vitest";
import { type Seen, settle } from "../../chaos/account.ts";
import { seeded } from "../../chaos/dice.ts";
import type { Entry, Ledger } from "../../chaos/ledger.ts";
import type { Purpose } from "../../chaos/purpose.ts";

function seen(type: string, states: readonly string[] = []): Seen {
  const name = type === "COMPLETED" ? "Completed" : type.toLowerCase();
  return {
    run: {
      id: "a",
      name: "steady-1",
      state_type: type,
      state_name: name,
      state: { message: "words of Prefect", timestamp: "2026-11-25T00:00:00Z" },
      work_pool_name: "pool",
      run_count: 1,
    },
    states,
  };
}

const ledger = (...what: readonly Entry["what"][]): Ledger =>
  new Map([["a", what.map((each) => ({ run: "a", pid: 2, what: each, at: 0 }))]]);

const faults = (run: Seen, entries: Ledger, purpose?: Purpose): readonly string[] =>
  settle([run], entries, new Map(purpose === undefined ? [] : [["a", purpose]])).faults;

describe("nothing is wrong with a run that", () => {
  test.each([
    ["is Completed", "COMPLETED", ledger("start", "end"), undefined],
    ["was killed on purpose and is Crashed", "CRASHED", ledger("start"), "killed"],
    ["was cancelled on purpose and is Cancelled", "CANCELLED", ledger("start"), "cancelled"],
    ["was killed when it had just ended", "COMPLETED", ledger("start", "end"), "killed"],
  ] as const)("%s", (_, type, entries, purpose) => {
    expect(faults(seen(type), entries, purpose)).toEqual([]);
  });
});

describe("it is found that a run", () => {
  test.each([
    ["is crashed, its code had begun", "CRASHED", ledger("start"), undefined],
    ["is crashed, its code never began", "CRASHED", new Map(), undefined],
    ["is failed, though its code has ended", "FAILED", ledger("start", "end"), undefined],
    ["was executed 2 times", "COMPLETED", ledger("start", "start", "end"), undefined],
    ["is Completed without having ended", "COMPLETED", ledger("start"), undefined],
    ["is running, its code had begun", "RUNNING", ledger("start"), undefined],
    ["is crashed, its code had begun and was cancelled", "CRASHED", ledger("start"), "cancelled"],
    ["is cancelled, its code had begun and was killed", "CANCELLED", ledger("start"), "killed"],
  ] as const)("%s", (words, type, entries, purpose) => {
    const found = faults(seen(type, ["Scheduled", "Pending"]), entries, purpose);
    expect(found[0]).toContain(words);
    expect(found[0]).toContain("Scheduled → Pending; words of Prefect");
  });
});

test("what is not final holds a slot, or has never started", () => {
  const { stuck, neverStarted } = settle(
    [seen("PENDING"), seen("CANCELLING"), seen("SCHEDULED")],
    new Map(),
    new Map(),
  );
  expect({ stuck, neverStarted }).toEqual({ stuck: 2, neverStarted: 1 });
});

test("the same seed throws the same dice", () => {
  const throws = (seed: number) => Array.from({ length: 5 }, seeded(seed));
  expect(throws(7)).toEqual(throws(7));
  expect(throws(7)).not.toEqual(throws(8));
});
