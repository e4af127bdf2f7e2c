import { describe, expect, test } from "vitest";
import { initialProbeState, recordVerdict, type Verdict } from "../../src/supervision/probe.ts";

const thresholds = { failureThreshold: 3, successThreshold: 2 };
const verdicts: Readonly<Record<string, Verdict>> = {
  p: { kind: "pass" },
  f: { kind: "fail", why: "no answer" },
  u: { kind: "unknown", why: "no file descriptors left" },
};

/** What is believed after each answer. */
function beliefs(kind: "startup" | "readiness" | "liveness", answers: string): string {
  let state = initialProbeState(kind);
  return answers
    .split("")
    .map((answer) => {
      state = recordVerdict(thresholds, state, verdicts[answer] ?? { kind: "pass" });
      return state.belief[0];
    })
    .join("");
}

describe("when what is believed changes, answer by answer", () => {
  test.each([
    ["readiness", "pp", "fp"],
    ["readiness", "pfp", "fff"],
    ["readiness", "ppffpff", "fpppppp"],
    ["readiness", "ppfffpp", "fpppffp"],
    ["liveness", "ff", "pp"],
    ["liveness", "fffpp", "ppffp"],
    ["startup", "ffffpp", "uufffp"],
  ] as const)("%s, %s: %s", (kind, answers, expected) => {
    expect(beliefs(kind, answers)).toBe(expected);
  });

  test("a probe that could not ask changes nothing, and breaks no run", () => {
    expect(beliefs("liveness", "uuuuu")).toBe("ppppp");
    expect(beliefs("liveness", "ffuf")).toBe("pppf");
    expect(beliefs("readiness", "puup")).toBe("fffp");
  });
});
