import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { Decision } from "../../../../src/prefect/runs/decision.ts";
import type { Findings, RunFacts } from "../../../../src/prefect/runs/facts.ts";
import { decide } from "../../../../src/prefect/runs/guardian.ts";
import { ms } from "../../../../src/supervision/time.ts";
import { at, facts, flowRun, history, moment, state, stateTypes, worker } from "./given.ts";

const second = fc.integer({ min: -100, max: 2_000 });
const few = fc.integer({ min: 0, max: 12 });

const anyRun = fc
  .record({
    type: fc.constantFrom(...stateTypes),
    name: fc.constantFrom("Pending", "Submitting", undefined),
    message: fc.constantFrom(
      "",
      "Execution was aborted by a termination signal.",
      "Failed to submit flow run to infrastructure: ConnectError: ",
    ),
    timestamp: second,
    runCount: fc.integer({ min: 0, max: 2 }),
    deploymentId: fc.constantFrom("d", undefined),
    workerName: fc.constantFrom("vm1-runs", "vm1-runs-2", undefined),
    retriesInProcess: fc.boolean(),
  })
  .map(({ type, name, message, timestamp, ...rest }) =>
    flowRun(type, {
      ...rest,
      state: {
        message,
        timestamp: at(timestamp),
        ...(type === "PENDING" && name !== undefined ? { name } : {}),
      },
    }),
  );

const anyProcess = fc.oneof(
  fc.constant({ kind: "never-seen" } as const),
  fc.record({ kind: fc.constant("alive" as const), pid: few, isOrphan: fc.boolean() }),
  fc.record({
    kind: fc.constant("gone" as const),
    pid: few,
    startedAt: second.map(at),
    why: fc.constantFrom("ended", "other-boot", "stranger"),
    isWorkerAlive: fc.boolean(),
  }),
);

const anyFacts: fc.Arbitrary<RunFacts> = fc
  .record({
    run: anyRun,
    isOurs: fc.boolean(),
    process: anyProcess,
    seenSince: second.map((seconds) => ms(seconds * 1000)),
    workers: fc.array(
      fc
        .record({ since: second, name: fc.constantFrom("vm1-runs", "vm1-runs-2") })
        .map(({ since, name }) => worker(since, { name })),
      { maxLength: 2 },
    ),
    claimedBy: fc.constantFrom("us", "others", "nobody-known"),
    policy: fc.record({
      onCrash: fc.constantFrom("leave", "reschedule"),
      maxReschedules: fc.integer({ min: 0, max: 4 }),
    }),
    cancellation: fc.option(
      fc.record({ termAt: second.map((seconds) => ms(seconds * 1000)), isKilled: fc.boolean() }),
      { nil: undefined },
    ),
  })
  .map((given) => facts(given));

const anyAnswers: fc.Arbitrary<Required<Findings>> = fc.record({
  history: fc
    .record({
      claims: fc.integer({ min: 0, max: 3 }),
      lastClaim: fc.option(second.map(at), { nil: undefined }),
      hasRun: fc.boolean(),
      before: fc.option(
        fc.constantFrom(...stateTypes).map((type) => state(type)),
        {
          nil: undefined,
        },
      ),
      rescheduled: fc.record({ claim: few, start: few, crash: few }),
    })
    .map((given) => history(given)),
  isSearched: fc.constant(true as const),
  otherWorkers: fc.constantFrom([], ["vm2-runs"]),
  death: fc.record({
    outOfMemory: fc.constantFrom("yes", "perhaps", "no"),
    exit: fc.constant(undefined),
  }),
  errors: fc.constantFrom(
    [],
    ["Unexpected exception encountered when trying to load flow\nImportError"],
  ),
});

function conclude(given: RunFacts, answers: Required<Findings>, now: number) {
  const asked = new Set<string>();
  let found: Findings = {};
  for (;;) {
    const decision: Decision = decide({ ...given, found }, moment(now));
    if (decision.kind !== "ask") return { decision, asked };
    expect(asked.has(decision.question), `asks for ${decision.question} again`).toBe(false);
    asked.add(decision.question);
    const key = ({ process: "isSearched", "other-workers": "otherWorkers" } as const)[
      decision.question as "process"
    ];
    const question = key ?? (decision.question as keyof Findings);
    found = { ...found, [question]: answers[question] };
  }
}

const limits = { claim: 10, start: 5 };

test("whatever is known of a run, the promises about it are kept", () => {
  let actions = 0;
  fc.assert(
    fc.property(anyFacts, anyAnswers, second, (given, answers, now) => {
      const { decision, asked } = conclude(given, answers, now);
      const { run, process, policy } = given;
      if (run === undefined || run === "deleted") throw new Error("there is a run");
      const { type } = run.state;
      if (decision.kind === "signal") {
        expect(process.kind).toBe("alive");
        expect(["CANCELLING", "CRASHED"]).toContain(type);
        if (type === "CRASHED") expect(given.cancellation?.isKilled).toBe(false);
      }
      if (decision.kind === "over") expect(process.kind).toBe("gone");
      if (decision.kind === "wait") expect(decision.until).toBeGreaterThan(now * 1000);
      if (decision.kind !== "set-state") return;
      actions += 1;
      const { action } = decision;

      expect(given.isOurs, "touches what is not ours").toBe(true);
      expect(process.kind, "touches what lives").not.toBe("alive");
      expect(
        ["COMPLETED", "FAILED", "CANCELLED", "PAUSED"],
        "touches what is settled",
      ).not.toContain(type);
      if (type === "CRASHED") expect(action).not.toBe("crash");
      if (type === "CRASHED" && action === "cancel") {
        expect(answers.history.before?.type).toBe("CANCELLING");
      }
      if (type === "CANCELLING") expect(action).toBe("cancel");
      if (process.kind === "never-seen") {
        expect(asked, "has not looked for a process").toContain("process");
        expect(given.claimedBy === "others" && !asked.has("other-workers")).toBe(false);
        if (asked.has("other-workers")) expect(answers.otherWorkers).toEqual([]);
      }
      if (action !== "reschedule") return;

      expect(run.deploymentId, "no worker could start it").toBeDefined();
      const { message } = decision.state;
      const [, cause, count] = /\((\w+) (\d+) of/.exec(message) ?? [];
      if (cause === "crash") {
        expect(policy.onCrash).toBe("reschedule");
        expect(Number(count)).toBeLessThanOrEqual(policy.maxReschedules);
      } else {
        expect(Number(count)).toBeLessThanOrEqual(limits[cause as keyof typeof limits]);
        const hasBegun = type !== "PENDING" && (run.runCount > 0 || answers.history.hasRun);
        expect(hasBegun, "would do twice what was begun").toBe(false);
      }
    }),
    { numRuns: 20_000 },
  );
  expect(actions).toBeGreaterThan(500);
});

test("whoever has a process that has gone does not stay live for long", () => {
  fc.assert(
    fc.property(anyFacts, anyAnswers, (given, answers) => {
      const { run, process } = given;
      if (run === undefined || run === "deleted" || process.kind !== "gone") return;
      if (!["PENDING", "RUNNING", "CANCELLING"].includes(run.state.type)) return;
      const lastClaim = process.startedAt;
      const known = { ...answers, history: { ...answers.history, lastClaim } };
      const now = given.seenSince / 1000 + 10;
      const { decision } = conclude({ ...given, isOurs: true }, known, now);
      expect(decision.kind).toBe("set-state");
    }),
    { numRuns: 5_000 },
  );
});
