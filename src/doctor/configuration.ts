/** What is examined before all else: without a configuration there is nothing to look for. */
import { describeFault, type Fault } from "../config/fault.ts";
import type { Examined, Finding } from "./finding.ts";

export const configuration = {
  name: "configuration",
  finds: "the configuration has faults, or something in it is probably not meant so",
} as const;

export function judgeConfiguration(faults: readonly Fault[], warnings: readonly Fault[]): Examined {
  const findings = [
    ...faults.map(
      (fault, index): Finding => ({
        id: `configuration:${fault.key ?? index}`,
        severity: "fault",
        what: describeFault(fault),
        why: "a daemon that runs keeps the configuration of before, and none can start with this one; nothing else could be examined",
        cure: "correct it; `sails-supervisor config check` names every fault, then `sails-supervisor reload`",
      }),
    ),
    ...warnings.map(
      (fault, index): Finding => ({
        id: `configuration:${fault.key ?? `warning ${index}`}`,
        severity: "warning",
        what: describeFault(fault),
        why: "it is allowed, and probably not what is meant",
        cure: "correct it, then `sails-supervisor reload`",
      }),
    ),
  ];
  return { examination: configuration.name, result: "done", findings };
}
