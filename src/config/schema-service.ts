/** The keys of `services`. Words are systemd's for restarts and Kubernetes' for probes. */
import * as z from "zod";
import * as leaf from "./leaf.ts";

const signals = [
  "SIGTERM",
  "SIGINT",
  "SIGHUP",
  "SIGQUIT",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
  "SIGKILL",
] as const;

const threshold = z.int().min(1).max(1000);

const probe = z.strictObject({
  http: leaf.url.optional().meta({
    description:
      "Passes if a GET is answered with a status from 200 to 399. One of http, tcp and command is needed.",
    examples: ["http://127.0.0.1:8080/health"],
  }),
  tcp: leaf.endpoint.optional().meta({
    description: "Passes if a connection can be opened.",
    examples: ["127.0.0.1:5432"],
  }),
  command: leaf.command.optional().meta({
    description: "Passes if the command ends with status 0.",
    examples: [["pg_isready", "-q"]],
  }),
  period: leaf.positiveTimer.default("10s").meta({
    description: "Time between two probes.",
    examples: ["30s"],
  }),
  timeout: leaf.positiveTimer.default("1s").meta({
    description: "Time after which a probe has failed.",
    examples: ["5s"],
  }),
  failure_threshold: threshold.default(3).meta({
    description: "How many failures in a row count.",
    examples: [3],
  }),
  success_threshold: threshold.default(1).meta({
    description: "How many successes in a row count.",
    examples: [1],
  }),
});

export const service = z
  .strictObject({
    name: leaf.serviceName.meta({
      description: "The unit is called service@NAME.",
      examples: ["tunnel"],
    }),
    command: leaf.command.meta({
      description: "Program and arguments; no shell reads them.",
      examples: [["ssh", "-N", "gateway"]],
    }),
    env: leaf.variables.default({}).meta({
      description: "Environment of the process, beyond that of the supervisor.",
      examples: [{ LANG: "C.UTF-8" }],
    }),
    directory: leaf.path.optional().meta({
      description: "Folder that the process starts in.",
      examples: ["/srv/tunnel"],
    }),
    after: z
      .array(leaf.words)
      .default([])
      .meta({
        title: "a list of units",
        description: "Units that must be ready before this one is started.",
        examples: [["server", "service@tunnel"]],
      }),
    restart: z
      .enum(["always", "on-failure", "no"])
      .default("always")
      .meta({
        description: "Whether the process is started again after it has ended.",
        examples: ["on-failure"],
      }),
    restart_delay: leaf.timer.default("1s").meta({
      description: "First wait before a restart; it doubles with each failure.",
      examples: ["5s"],
    }),
    restart_max_delay: leaf.timer.default("60s").meta({
      description: "Longest wait before a restart.",
      examples: ["5m"],
    }),
    stable_after: leaf.timer.default("60s").meta({
      description: "Having run for so long, the process is started again at once.",
      examples: ["5m"],
    }),
    start_timeout: leaf.positiveTimer.default("60s").meta({
      description: "A process that is not ready by then has failed.",
      examples: ["5m"],
    }),
    stop_signal: z
      .enum(signals)
      .default("SIGTERM")
      .meta({
        description: "Signal that asks the process to end.",
        examples: ["SIGINT"],
      }),
    stop_timeout: leaf.timer.default("10s").meta({
      description: "A process that still runs after that is killed.",
      examples: ["30s"],
    }),
    startup: probe.optional().meta({
      description: "Holds back the other two probes until it has passed once.",
      examples: [{ tcp: "127.0.0.1:8080" }],
    }),
    readiness: probe.optional().meta({
      description: "Says whether the service is ready.",
      examples: [{ http: "http://127.0.0.1:8080/ready" }],
    }),
    liveness: probe.optional().meta({
      description: "Restarts the service when it fails.",
      examples: [{ http: "http://127.0.0.1:8080/alive" }],
    }),
  })
  .meta({ description: "One long-running process." });
