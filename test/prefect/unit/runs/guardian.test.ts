import { describe, expect, test } from "vitest";
import type { Decision } from "../../../../src/prefect/runs/decision.ts";
import type { Findings, RunFacts } from "../../../../src/prefect/runs/facts.ts";
import { decide } from "../../../../src/prefect/runs/guardian.ts";
import { type Millis, ms } from "../../../../src/supervision/time.ts";
import {
  alive,
  at,
  facts,
  flowRun,
  gone,
  history,
  moment,
  state,
  stateTypes,
  worker,
} from "./given.ts";

/** In one line, as the tables want it. */
function shown(decision: Decision): string {
  switch (decision.kind) {
    case "nothing":
      return decision.note === undefined ? "nothing" : `nothing: ${decision.note}`;
    case "over":
      return decision.report === undefined ? "over" : `over: ${decision.report}`;
    case "wait":
      return `wait for ${decision.waitFor} until ${decision.until / 1000}`;
    case "leave":
      return "leave";
    case "ask":
      return `ask ${decision.question}`;
    case "signal":
      return decision.signal;
    case "set-state":
      return `${decision.action}: ${decision.state.message}`;
    default:
      return decision satisfies never;
  }
}

/** What is looked up, unless the test says otherwise. */
const lookedUp: Required<Findings> = {
  history: history({ hasRun: true }),
  isSearched: true,
  otherWorkers: [],
  death: { outOfMemory: "no", exit: undefined },
  errors: [],
};

/** Answers what is asked, and tells the decision with the questions before it. */
function decided(given: RunFacts, seconds: number, answers: Partial<Findings> = {}): string {
  const asked: string[] = [];
  let found = given.found;
  for (;;) {
    const decision = decide({ ...given, found }, moment(seconds));
    if (decision.kind !== "ask") return [...asked, shown(decision)].join(" > ");
    const { question } = decision;
    expect(asked, "asked twice").not.toContain(question);
    asked.push(question);
    const all = { ...lookedUp, ...answers };
    const more: Readonly<Record<typeof question, Findings>> = {
      history: { history: all.history },
      process: { isSearched: true },
      "other-workers": { otherWorkers: all.otherWorkers },
      death: { death: all.death },
      errors: { errors: all.errors },
    };
    found = { ...found, ...more[question] };
  }
}

describe("a process that lives", () => {
  test.each([
    ["SCHEDULED", "nothing"],
    ["PENDING", "nothing"],
    ["RUNNING", "nothing"],
    ["PAUSED", "nothing"],
    ["COMPLETED", "nothing: is Completed in Prefect, its process lives on"],
    ["FAILED", "nothing: is Failed in Prefect, its process lives on"],
    ["CANCELLED", "nothing: is Cancelled in Prefect, its process lives on"],
    ["CRASHED", "nothing: is Crashed in Prefect, its process lives on"],
  ] as const)("is left alone while its run is %s", (type, expected) => {
    for (const isOrphan of [true, false]) {
      const given = facts({ run: flowRun(type), process: alive(isOrphan) });
      expect(decided(given, 100_000)).toBe(expected);
    }
  });

  test("of a deleted run is left alone, and told", () => {
    const given = facts({ run: "deleted", process: alive(true) });
    expect(decided(given, 0)).toBe("nothing: is deleted in Prefect, its process lives on");
    expect(decided({ ...given, process: gone() }, 0)).toBe("over");
  });
});

describe("a run that is to be cancelled", () => {
  const cancelling = (isOrphan: boolean, changes: Partial<RunFacts> = {}) =>
    facts({ run: flowRun("CANCELLING"), process: alive(isOrphan), ...changes });
  const termAt = (seconds: number, isKilled = false) => ({
    cancellation: { termAt: ms(seconds * 1000), isKilled },
  });

  test.each([
    ["an orphan gets SIGTERM at once", cancelling(true), 0, "SIGTERM"],
    ["the worker's is left to it", cancelling(false), 0, "wait for end until 60"],
    ["… for a minute", cancelling(false), 59, "wait for end until 60"],
    ["… and no longer", cancelling(false), 60, "SIGTERM"],
    ["once", cancelling(true, termAt(10)), 11, "wait for end until 40"],
    ["SIGKILL after 30 s", cancelling(true, termAt(10)), 40, "SIGKILL"],
    [
      "once, too",
      cancelling(true, termAt(10, true)),
      50,
      "nothing: is being cancelled: process 77 has had SIGKILL",
    ],
  ])("%s", (_, given, now, expected) => {
    expect(decided(given, now)).toBe(expected);
  });

  test("is killed too if it has reported its end and does not come to it", () => {
    const message = "Execution was aborted by a termination signal.";
    const run = flowRun("CRASHED", { state: { message } });
    const given = facts({ run, process: alive(true), ...termAt(10) });
    expect(decided(given, 39)).toBe("wait for end until 40");
    expect(decided(given, 40)).toBe("SIGKILL");
  });

  const ended = "history > cancel: Flow run was cancelled: process 77 on vm1 has ended.";
  test.each([
    ["a moment later", facts({ run: flowRun("CANCELLING") }), 0, "wait for report until 1"],
    ["once its process has gone", facts({ run: flowRun("CANCELLING") }), 1, ended],
    [
      "by its worker, if that lives",
      facts({ run: flowRun("CANCELLING"), process: gone({ isWorkerAlive: true }) }),
      9,
      "wait for report until 10",
    ],
    [
      "by us, if the worker does not",
      facts({ run: flowRun("CANCELLING"), process: gone({ isWorkerAlive: true }) }),
      10,
      ended,
    ],
    [
      "at once, after a reboot",
      facts({ run: flowRun("CANCELLING"), process: gone({ why: "other-boot" }) }),
      0,
      ended,
    ],
  ])("is Cancelled %s", (_, given, now, expected) => {
    expect(decided(given, now)).toBe(expected);
  });

  test.each([
    "Execution was aborted by a termination signal.",
    "Execution was aborted by Python system exit call.",
    "Execution was cancelled by the runtime environment.",
  ])("is Cancelled although it has reported: %s", (message) => {
    const given = facts({ run: flowRun("CRASHED", { state: { message } }) });
    const before = state("CANCELLING");
    expect(decided(given, 0, { history: history({ hasRun: true, before }) })).toBe(ended);
    const running = state("RUNNING");
    expect(decided(given, 0, { history: history({ hasRun: true, before: running }) })).toBe(
      "history > over",
    );
  });

  test("stays what somebody else has made of it", () => {
    const run = flowRun("CRASHED", { state: { message: "set by hand" } });
    const before = state("CANCELLING");
    expect(decided(facts({ run }), 0, { history: history({ hasRun: true, before }) })).toBe(
      "history > over",
    );
  });

  test.each([
    ["without workers", [], 1, "history > wait for report until 2"],
    [
      "without workers",
      [],
      2,
      "history > process > cancel: Flow run was cancelled: no process of it is on vm1.",
    ],
    ["with a worker that may see to it", [worker(-100)], 59, "history > wait for worker until 60"],
    [
      "with a worker that may see to it",
      [worker(-100)],
      60,
      "history > process > cancel: Flow run was cancelled: no process of it is on vm1.",
    ],
  ])("and was never seen, %s", (_, workers, now, expected) => {
    const given = facts({
      run: flowRun("CANCELLING"),
      process: { kind: "never-seen" },
      workers,
    });
    expect(decided(given, now)).toBe(expected);
  });
});

describe("Running, and its process has gone", () => {
  const crash = (words: string) => `history > death > crash: ${words}`;
  const unseen =
    "Process 77 on vm1 is gone: nobody saw how it ended, for its worker had died before it.";

  test.each([
    ["an orphan's last request may be on its way", gone(), 0.9, "wait for report until 1"],
    ["an orphan cannot say it itself", gone(), 1, crash(unseen)],
    ["its worker tells", gone({ isWorkerAlive: true }), 4.9, "wait for report until 5"],
    [
      "its worker has not told",
      gone({ isWorkerAlive: true }),
      5,
      crash("Process 77 on vm1 is gone: its worker has not said how it ended."),
    ],
    [
      "the machine was rebooted",
      gone({ why: "other-boot" }),
      0,
      crash("Process 77 on vm1 was lost when the machine was rebooted at 2026-11-24 23:50 UTC."),
    ],
    [
      "its number is another's",
      gone({ why: "stranger" }),
      1,
      crash("Process 77 on vm1 is gone: another process has its number now."),
    ],
  ])("%s", (_, process, now, expected) => {
    expect(decided(facts({ process }), now)).toBe(expected);
  });

  test.each([
    [{ outOfMemory: "yes", exit: undefined }, "ran out of memory and was killed by the kernel"],
    [
      { outOfMemory: "perhaps", exit: undefined },
      "is gone: probably the kernel killed it, for the machine ran out of memory at that time",
    ],
    [{ outOfMemory: "perhaps", exit: { kind: "exited", code: 3 } }, "exited with status 3"],
    [{ outOfMemory: "no", exit: { kind: "signaled", signal: "SIGSEGV" } }, "was ended by SIGSEGV"],
  ] as const)("of %o", (death, words) => {
    expect(decided(facts(), 1, { death })).toBe(crash(`Process 77 on vm1 ${words}.`));
  });

  test("but that was of an earlier start: this one's is looked for", () => {
    const later = history({ claims: 2, lastClaim: at(100), hasRun: true });
    expect(decided(facts(), 105, { history: later })).toBe(
      "history > process > crash: No process of it is on vm1 any more.",
    );
  });

  test("the clocks of two machines may differ a little", () => {
    const later = history({ lastClaim: at(10), hasRun: true });
    expect(decided(facts(), 105, { history: later })).toBe(crash(unseen));
  });

  test("while it waited to try again itself: no worker would start that", () => {
    const run = flowRun("SCHEDULED", {
      state: { name: "AwaitingRetry" },
      runCount: 1,
      retriesInProcess: true,
    });
    expect(decided(facts({ run }), 1)).toBe(crash(unseen));
    const other = { ...run, retriesInProcess: false };
    expect(decided(facts({ run: other }), 1)).toBe("over");
    const later = history({ lastClaim: at(100) });
    expect(decided(facts({ run }), 100, { history: later })).toBe("history > over");
  });
});

describe("a run that has crashed", () => {
  const crashed = flowRun("CRASHED", {
    state: { message: "Process exited with status code: -9." },
  });
  const again = { onCrash: "reschedule", maxReschedules: 2 } as const;
  const count = (crash: number) =>
    ({ history: history({ hasRun: true, rescheduled: { claim: 9, start: 4, crash } }) }) as const;

  test.each([
    ["is left as it is", facts({ run: crashed }), 0, 0, "history > over"],
    [
      "starts again where its pool is set so",
      facts({ run: crashed, policy: again }),
      0,
      0,
      "history > reschedule: Scheduled again by sails-supervisor (crash 1 of 2): it crashed (Process exited with status code: -9), and its pool is set to start such runs again",
    ],
    [
      "a limited number of times",
      facts({ run: crashed, policy: again }),
      0,
      2,
      "history > over: crashed, and it has been scheduled again 2 times already: it stays Crashed",
    ],
    [
      "after its worker has said so twice",
      facts({ run: crashed, policy: again, process: gone({ isWorkerAlive: true }) }),
      4,
      0,
      "history > wait for report until 5",
    ],
    [
      "not without a deployment",
      facts({ run: { ...crashed, deploymentId: undefined }, policy: again }),
      0,
      0,
      "history > over: crashed, and it has no deployment, so no worker could start it again: it stays Crashed",
    ],
  ])("%s", (_, given, now, crashes, expected) => {
    expect(decided(given, now, count(crashes))).toBe(expected);
  });

  test("in an earlier start is not this one's matter", () => {
    const given = facts({ run: crashed, policy: again });
    const later = history({ hasRun: true, lastClaim: at(100) });
    expect(decided(given, 105, { history: later })).toBe("history > over");
  });
});

describe("a run that crashed before its code began", () => {
  const run = flowRun("CRASHED", { runCount: 0, state: { timestamp: at(2) } });
  const why = "process 77 on vm1 ended before it could tell the server that its code begins";
  const starts = (start: number) =>
    ({ history: history({ rescheduled: { claim: 9, start, crash: 9 } }) }) as const;

  test.each([0, 1, 4])("starts again after %i times, ever later", (count) => {
    const decision = decide(facts({ run, found: { ...starts(count), errors: [] } }), moment(3));
    expect(decision).toMatchObject({
      action: "reschedule",
      state: {
        type: "SCHEDULED",
        name: "AwaitingRetry",
        message: `Scheduled again by sails-supervisor (start ${count + 1} of 5): ${why}`,
        scheduledTime: at(3 + 10 * count),
      },
    });
  });

  test("stays Crashed after the fifth", () => {
    expect(decided(facts({ run }), 3, starts(5))).toBe(
      `history > errors > over: ${why}, and it has been scheduled again 5 times already: it stays Crashed`,
    );
  });

  test("waits until its worker has said so twice", () => {
    const given = facts({ run, process: gone({ isWorkerAlive: true }) });
    expect(decided(given, 4.9, starts(0))).toBe("history > wait for report until 5");
    expect(decided(given, 5, starts(0))).toMatch(/^history > errors > reschedule/);
  });

  const cannotLoad = "Unexpected exception encountered when trying to load flow\nTraceback\n";
  test.each([
    ["ScriptError: ImportError('no telescope')", "history > errors > over"],
    ["httpx.ConnectError: All connection attempts failed", "history > errors > reschedule"],
    ["httpcore.ReadError", "history > errors > reschedule"],
    ["prefect.exceptions.PrefectHTTPStatusError: 503", "history > errors > reschedule"],
  ])("of %s", (fault, expected) => {
    const errors = ["something else", cannotLoad + fault];
    const decision = decided(facts({ run }), 3, { ...starts(0), errors });
    expect(decision.split(":")[0]).toBe(expected);
  });

  test.each([
    ["long ago", facts({ run }), 2 + 15 * 60 + 1],
    ["without a deployment", facts({ run: { ...run, deploymentId: undefined } }), 3],
  ])("%s is left as it is", (_, given, now) => {
    expect(decided(given, now, starts(0))).toBe("history > over");
  });

  test.each([
    ["a count of one", { ...run, runCount: 1 }, starts(0)],
    ["a Running in its history", run, { history: history({ hasRun: true }) }],
  ])("%s says that it had begun", (_, begun, answers) => {
    expect(decided(facts({ run: begun }), 3, answers)).toBe("history > over");
  });
});

describe("Crashed, and no process was ever seen", () => {
  const said = (fault: string) => `Failed to submit flow run to infrastructure: ${fault}`;
  const outage = said("InvalidMessage: did not receive a valid HTTP response");
  const crashed = (message = outage, changes: Partial<RunFacts> = {}) =>
    facts({
      run: flowRun("CRASHED", { runCount: 0, state: { message } }),
      process: { kind: "never-seen" },
      workers: [worker(-100)],
      ...changes,
    });
  const unbegun = { history: history({ claims: 1 }) };

  test("starts again, for its worker did not reach the server", () => {
    expect(decided(crashed(), 4, unbegun)).toBe("history > wait for worker until 5");
    expect(decided(crashed(), 5, unbegun)).toBe(
      "history > process > reschedule: Scheduled again by sails-supervisor (start 1 of 5): " +
        "its worker on vm1 did not reach the server when it was about to start it " +
        "(InvalidMessage: did not receive a valid HTTP response)",
    );
  });

  test.each([
    outage,
    'Flow run could not be submitted to infrastructure:\nConnectError("All connection attempts failed")',
    said("Exception: Unable to authenticate to the event stream. Please ensure the "),
    said("ReadTimeout: "),
    said("RemoteProtocolError: Server disconnected without sending a response."),
    said("ConnectionClosedError: no close frame received or sent"),
    said("PrefectHTTPStatusError: Server error '503 Service Unavailable' for url 'http://x'"),
    said("RuntimeError: Failed to reach API at http://127.0.0.1:4200/api/"),
  ])("after %j", (message) => {
    expect(decided(crashed(message), 5, unbegun)).toMatch(/^history > process > reschedule/);
  });

  test.each([
    said("FileNotFoundError: [Errno 2] No such file or directory: '/nowhere'"),
    said("ValidationError: 1 validation error for ProcessJobConfiguration"),
    said("PrefectHTTPStatusError: Client error '404 Not Found' for url 'http://x'"),
    "Flow run infrastructure exited with non-zero status code 1. ConnectError",
    "",
  ])("stays Crashed after %j", (message) => {
    expect(decided(crashed(message), 5, unbegun)).toBe("nothing");
  });

  const hasRun = { history: history({ hasRun: true }) };
  const named = { claimedBy: "others" } as const;
  test.each([
    ["it has run before", crashed(), 5, hasRun, "history > nothing"],
    ["that is long ago", crashed(), 901, unbegun, "nothing"],
    ["another host had claimed it", crashed(outage, named), 5, unbegun, "history > nothing"],
    [
      "another host may have claimed it",
      crashed(outage, { claimedBy: "nobody-known" }),
      5,
      { ...unbegun, otherWorkers: ["vm2-runs"] },
      "history > other-workers > nothing",
    ],
    [
      "it has been started again five times",
      crashed(),
      5,
      { history: history({ rescheduled: { claim: 0, start: 5, crash: 0 } }) },
      "history > process > leave",
    ],
  ])("stays Crashed if %s", (_, given, now, answers, expected) => {
    expect(decided(given, now, answers)).toBe(expected);
  });

  test("is a crash like others if it has run before", () => {
    const given = crashed(outage, { policy: { onCrash: "reschedule", maxReschedules: 3 } });
    expect(decided(given, 5, hasRun)).toMatch(
      /^history > process > reschedule: .* \(crash 1 of 3\)/,
    );
  });

  test("stays Crashed without a deployment: no worker could start it", () => {
    const run = flowRun("CRASHED", {
      runCount: 0,
      deploymentId: undefined,
      state: { message: outage },
    });
    expect(decided(crashed(outage, { run }), 5, unbegun)).toBe("nothing");
  });
});

describe("Pending, and its process has gone", () => {
  const run = flowRun("PENDING", { state: { name: "Submitting" } });
  const starts = (start: number) =>
    ({ history: history({ rescheduled: { claim: 0, start, crash: 0 } }) }) as const;

  test.each([
    [gone(), 0, "wait for report until 1"],
    [gone({ isWorkerAlive: true }), 9, "wait for report until 10"],
    [
      gone(),
      1,
      "history > errors > reschedule: Scheduled again by sails-supervisor (start 1 of 5): process 77 on vm1 ended before its code had begun",
    ],
  ])("%o after %i s", (process, now, expected) => {
    expect(decided(facts({ run, process }), now, starts(0))).toBe(expected);
  });

  test.each([
    [
      {},
      starts(5),
      "Process 77 on vm1 ended before its code had begun, and it has been scheduled again 5 times already.",
    ],
    [
      { deploymentId: undefined },
      starts(0),
      "Process 77 on vm1 ended before its code had begun, and it has no deployment, so no worker could start it again.",
    ],
    [
      {},
      { errors: ["Unexpected exception encountered when trying to load flow\nImportError: x\n"] },
      "Its code could not be loaded: ImportError: x.",
    ],
  ])("is Crashed where no start would help: %o", (changes, answers, words) => {
    const given = facts({ run: { ...run, ...changes } });
    expect(decided(given, 1, answers)).toBe(`history > errors > crash: ${words}`);
  });
});

describe("claimed, and no process was ever seen", () => {
  const unseen = { process: { kind: "never-seen" } } as const;
  const submitting = flowRun("PENDING", { state: { name: "Submitting", timestamp: at(0) } });
  const pending = flowRun("PENDING", { state: { timestamp: at(0) } });
  const claimed = (changes: Partial<RunFacts> = {}) =>
    facts({ ...unseen, run: submitting, ...changes });
  const unnamed = {
    run: { ...pending, workerName: undefined },
    claimedBy: "nobody-known",
  } as const;
  const again = (name = "vm1-runs") =>
    `reschedule: Scheduled again by sails-supervisor (claim 1 of 10): ${name} had claimed it and died before its code began`;
  const elder = worker(-100);
  const younger = worker(1);

  test.each([
    ["nobody lives: its process may show yet", claimed(), 1, "wait for report until 2"],
    ["nobody lives", claimed(), 2, `process > history > ${again()}`],
    ["its worker lives", claimed({ workers: [elder] }), 1, "wait for worker until 2"],
    ["its worker lives", claimed({ workers: [elder] }), 899, "wait for worker until 900"],
    [
      "its worker lives, and does nothing",
      claimed({ workers: [elder] }),
      900,
      "process > history > reschedule: Scheduled again by sails-supervisor (claim 1 of 10): vm1-runs had claimed it and did not start it before its code began",
    ],
    [
      "its worker has a successor",
      claimed({ workers: [younger] }),
      2,
      `process > history > ${again()}`,
    ],
    [
      "a worker claims nothing in its first second and a half",
      claimed({ workers: [worker(-1.4)] }),
      2,
      `process > history > ${again()}`,
    ],
    ["… but then", claimed({ workers: [worker(-1.5)] }), 2, "wait for worker until 900"],
    [
      "one of two has died",
      claimed({ workers: [younger, worker(-100, { name: "vm1-runs-2" })] }),
      2,
      `process > history > ${again()}`,
    ],
    [
      "the other of two has died",
      claimed({ workers: [elder, worker(1, { name: "vm1-runs-2" })] }),
      2,
      "wait for worker until 900",
    ],
    [
      "named already, by its only claim",
      claimed({ run: pending, workers: [elder] }),
      2,
      "history > wait for worker until 900",
    ],
    [
      "not yet named, nobody lives",
      claimed(unnamed),
      2,
      `other-workers > process > history > ${again("a worker on vm1")}`,
    ],
    [
      "not yet named, its worker lives",
      claimed({ ...unnamed, workers: [elder] }),
      899,
      "other-workers > wait for worker until 900",
    ],
    [
      "not yet named, and one of two has died since",
      claimed({ ...unnamed, workers: [elder, worker(1, { name: "vm1-runs-2" })] }),
      59,
      "other-workers > wait for worker until 60",
    ],
    [
      "not named for a minute, and one of two has died since",
      claimed({ ...unnamed, workers: [elder, worker(1, { name: "vm1-runs-2" })] }),
      60,
      `other-workers > process > history > reschedule: Scheduled again by sails-supervisor (claim 1 of 10): a worker on vm1 had claimed it and did not start it before its code began`,
    ],
  ])("%s", (_, given, now, expected) => {
    expect(decided(given, now)).toBe(expected);
  });

  test("ten times, and then it is Crashed", () => {
    const tenth = history({ rescheduled: { claim: 10, start: 0, crash: 0 } });
    expect(decided(claimed(), 2, { history: tenth })).toBe(
      "process > history > crash: Vm1-runs had claimed it and died before its code began, and it has been scheduled again 10 times already.",
    );
  });

  const theirs = { claimedBy: "others" } as const;
  const others = { otherWorkers: ["vm2-runs"] };
  const twice = history({ claims: 2 });
  test.each([
    ["another host's", claimed(theirs), {}, "nothing"],
    [
      "another host's, in its only claim",
      claimed({ ...theirs, run: pending }),
      {},
      "history > nothing",
    ],
    [
      "another host's before, now perhaps ours",
      claimed({ ...theirs, run: pending }),
      { history: twice },
      `history > other-workers > process > ${again()}`,
    ],
    [
      "another host's before, and other hosts are there",
      claimed({ ...theirs, run: pending }),
      { history: twice, ...others },
      "history > other-workers > leave",
    ],
    ["not named, and other hosts are there", claimed(unnamed), others, "other-workers > leave"],
    [
      "started by a program",
      claimed({ ...unnamed, run: { ...unnamed.run, deploymentId: undefined } }),
      {},
      "leave",
    ],
  ])("%s", (_, given, answers, expected) => {
    expect(decided(given, 100, answers)).toBe(expected);
  });

  test("other hosts are given a minute to put their name on it", () => {
    expect(decided(claimed(unnamed), 59, others)).toBe("other-workers > wait for worker until 60");
  });
});

describe("Running, and no process was ever seen", () => {
  const running = (changes: Partial<RunFacts> = {}) =>
    facts({ process: { kind: "never-seen" }, ...changes });
  const unnamed = { claimedBy: "nobody-known" } as const;
  test.each([
    ["ours: it may show yet", running(), 9, {}, "wait for report until 10"],
    ["ours", running(), 10, {}, "process > crash: No process of it is on vm1 any more."],
    [
      "ours, from before the boot: nothing of it can show",
      running({ run: flowRun("RUNNING", { state: { timestamp: at(-601) } }) }),
      0,
      {},
      "process > crash: Its process on vm1 was lost when the machine was rebooted at 2026-11-24 23:50 UTC.",
    ],
    ["another host's", running({ claimedBy: "others" }), 1000, {}, "nothing"],
    [
      "nobody's, no other hosts",
      running(unnamed),
      10,
      {},
      "other-workers > process > crash: No process of it is on vm1 any more.",
    ],
    [
      "nobody's, other hosts",
      running(unnamed),
      60,
      { otherWorkers: ["vm2-runs"] },
      "other-workers > leave",
    ],
    [
      "a program's",
      running({ ...unnamed, run: flowRun("RUNNING", { deploymentId: undefined }) }),
      60,
      {},
      "leave",
    ],
  ])("%s", (_, given, now, answers, expected) => {
    expect(decided(given, now, answers)).toBe(expected);
  });
});

test.each(["SCHEDULED", "PAUSED", "COMPLETED", "FAILED", "CANCELLED"] as const)(
  "%s, and its process has gone: that is all",
  (type) => {
    expect(decided(facts({ run: flowRun(type) }), 0)).toBe("over");
  },
);

test.each(stateTypes)("%s of a pool that is not ours is none of our business", (type) => {
  const now: Millis = ms(0);
  for (const process of [gone(), alive(true), { kind: "never-seen" } as const]) {
    const given = facts({ run: flowRun(type), process, isOurs: false, seenSince: now });
    expect(decided(given, 10_000)).toBe("nothing");
    expect(decided({ ...given, isOurs: true, run: undefined }, 10_000)).toBe("nothing");
  }
});
