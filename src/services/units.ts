/** The units of `services:`: any long-running program, looked after like Prefect's own. */
import type {
  EnvironmentVariables,
  ProbeConfig,
  ProbeTarget,
  ServiceConfig,
} from "../config/config.ts";
import { explainExit } from "../supervision/exit.ts";
import type { Probe, ProbeSpec, ProbeSpecs } from "../supervision/probe.ts";
import { defaultRestartPolicy } from "../supervision/restart-policy.ts";
import { ms } from "../supervision/time.ts";
import type { UnitSpec } from "../supervision/unit-spec.ts";

export interface ServiceParts {
  readonly base: EnvironmentVariables;
  readonly probe: (target: ProbeTarget, service: ServiceConfig) => Probe;
}

export const serviceUnits = (
  services: readonly ServiceConfig[],
  parts: ServiceParts,
): readonly UnitSpec[] => services.map((service) => serviceSpec(service, parts));

function serviceSpec(service: ServiceConfig, { base, probe }: ServiceParts): UnitSpec {
  const [program = "", ...args] = service.command;
  const specs = (["startup", "readiness", "liveness"] as const).flatMap((kind) => {
    const declared = service[kind];
    return declared === undefined
      ? []
      : [[kind, probeSpec(declared, probe(declared.target, service))] as const];
  });
  return {
    name: `service@${service.name}`,
    labels: { role: "service" },
    after: service.after,
    process: {
      command: [program, ...args],
      env: { ...base, ...service.env },
      directory: service.directory,
      killMode: "control-group",
    },
    rules: {
      restart: {
        ...defaultRestartPolicy,
        restart: service.restart,
        delay: { initial: service.restartDelay, max: service.restartMaxDelay },
        stableAfter: service.stableAfter,
      },
      startTimeout: service.startTimeout,
      stopLadder: [{ signal: service.stopSignal, wait: service.stopTimeout }],
      startSpread: ms(0),
    },
    probes: Object.fromEntries(specs) satisfies ProbeSpecs,
    explain: explainExit,
  };
}

const probeSpec = (declared: ProbeConfig, probe: Probe): ProbeSpec => ({
  probe,
  period: declared.period,
  timeout: declared.timeout,
  failureThreshold: declared.failureThreshold,
  successThreshold: declared.successThreshold,
});
