import { explainExit } from "../../src/supervision/exit.ts";
import { defaultRestartPolicy } from "../../src/supervision/restart-policy.ts";
import { seconds } from "../../src/supervision/time.ts";
import type { UnitSpec } from "../../src/supervision/unit-spec.ts";
import type { UnitRules } from "../../src/supervision/unit-state.ts";

export const rules = {
  restart: defaultRestartPolicy,
  startTimeout: seconds(60),
  stopLadder: [{ signal: "SIGTERM", wait: seconds(10) }],
  startSpread: seconds(0),
} as const satisfies Omit<UnitRules, "hasPreflight">;

export function unitSpec(name: string, changes: Partial<UnitSpec> = {}): UnitSpec {
  return {
    name,
    labels: { role: "service" },
    after: [],
    process: { command: ["sleep", "inf"], env: {}, directory: "/", killMode: "control-group" },
    rules,
    probes: {},
    explain: explainExit,
    ...changes,
  };
}
