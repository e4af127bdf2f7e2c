import { expect, test } from "vitest";
import type { Status } from "../../src/control/status.ts";
import { concernsOf, verdictOf } from "../../src/control/verdict.ts";
import { crashed, statusOf, unit } from "./support/fake-plane.ts";

const waiting = (name: string) =>
  unit(name, {
    state: "waiting",
    ready: false,
    reasonCode: "dependency",
    reason: "server is not ready",
    next: "starts as soon as it can",
  });
const problem = (what: string) => ({ id: what, what, cure: null });
const inPhase = (phase: "starting" | "stopping"): Status => {
  const status = statusOf([]);
  return { ...status, supervisor: { ...status.supervisor, phase } };
};

test.each<[string, Status, string]>([
  ["nothing at all", statusOf([]), "ready: 0 units"],
  ["all is well", statusOf([unit("server")]), "ready: 1 unit"],
  ["the daemon starts", inPhase("starting"), "starting"],
  ["the daemon stops", inPhase("stopping"), "stopping"],
  [
    "one",
    statusOf([unit("server"), crashed("a", { reason: "died" })]),
    "not ready: a is in backoff: died",
  ],
  [
    "two",
    statusOf([unit("server"), crashed("a"), unit("b", { state: "running", ready: false })]),
    "not ready: a is in backoff; b is not ready",
  ],
  [
    "more than anybody reads",
    statusOf(["a", "b", "c", "d"].map((name) => crashed(name))),
    "not ready: a is in backoff; b is in backoff; 2 others are not ready",
  ],
  [
    "those that only wait for another are not the cause",
    statusOf([waiting("a"), crashed("server", { reason: "died" }), waiting("b")]),
    "not ready: server is in backoff; 2 others wait: died",
  ],
  [
    "a wait for what is no unit",
    statusOf([waiting("a")]),
    "not ready: a is waiting: server is not ready",
  ],
  [
    "one that nobody wants is well",
    statusOf([unit("a", { desired: "down", state: "stopped", ready: false })]),
    "ready: 1 unit",
  ],
  ["the verdict without a cause", statusOf([unit("server")], { ready: false }), "not ready"],
  [
    "one problem",
    statusOf([unit("server")], { problems: [problem("check arc fails")] }),
    "ready, with 1 problem: check arc fails",
  ],
  [
    "several",
    statusOf([unit("server")], { problems: [problem("x"), problem("y")] }),
    "ready, with 2 problems",
  ],
])("%s", (_, status, words) => {
  const verdict = verdictOf(status);
  expect([verdict.words, ...(verdict.why === undefined ? [] : [verdict.why])].join(": ")).toBe(
    words,
  );
});

test("what is wrong begins with causes", () => {
  const status = statusOf([waiting("a"), crashed("server", { reason: "died", next: "start 4" })], {
    problems: [{ id: "x", what: "check arc fails", cure: "Mount it" }],
  });
  expect(concernsOf(status)).toEqual([
    { unit: "server", what: "in backoff: died", next: "start 4", tone: "bad" },
    {
      unit: "a",
      what: "waiting: server is not ready",
      next: "starts as soon as it can",
      tone: "wait",
    },
    { unit: null, what: "check arc fails", next: "Mount it", tone: "wait" },
  ]);
});
