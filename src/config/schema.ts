/**
 * All keys, once: types, defaults and words. Validation, the names of environment variables, the
 * reference and the JSON Schema are read from here. Relations between keys are in relations.ts.
 */
import * as z from "zod";
import * as leaf from "./leaf.ts";
import { check } from "./schema-check.ts";
import { jobs } from "./schema-jobs.ts";
import { notify } from "./schema-notify.ts";
import { service } from "./schema-service.ts";

const prefect = z.strictObject({
  home: leaf.path.optional().meta({
    description: "Folder of Prefect's state, PREFECT_HOME: database, results, profiles.",
    examples: ["/mnt/data/prefect"],
  }),
  env_file: leaf.path.optional().meta({
    description:
      "A prefect.env as people already have it. PREFECT_HOME, PREFECT_API_URL, PREFECT_UI_API_URL and the database's URL become the keys of those names; the rest is handed to every Prefect process.",
    examples: ["~/project/prefect.env"],
  }),
  profile: leaf.profileName.default("server").meta({
    description: "Name of the profile that is kept in profiles.toml, for the shells of people.",
    examples: ["server"],
  }),
  env: leaf.prefectVariables.default({}).meta({
    description: "Further environment of every Prefect process; stronger than prefect.env_file.",
    examples: [{ PREFECT_LOGGING_LEVEL: "DEBUG" }],
  }),
  api_url: leaf.url.optional().meta({
    description:
      "API of a server elsewhere; only used with server.enabled: false, and needed there by pools and deployments.",
    examples: ["https://prefect.example.org/api"],
  }),
});

const environment = z.strictObject({
  project: leaf.path.optional().meta({
    description:
      "Folder with pyproject.toml and uv.lock or requirements-locked.txt. None: the environment at environment.path is used as it is.",
    examples: ["~/project"],
  }),
  path: leaf.path.optional().meta({
    description: "The Python environment that Prefect runs in; best on a local disk.",
    examples: ["/mnt/data/prefect-env"],
  }),
  python: leaf.python.optional().meta({
    description:
      "Version or path of the Python to build the environment with. None: what the project requires, among those installed.",
    examples: ["3.12", "/usr/bin/python3"],
  }),
});

const server = z.strictObject({
  enabled: z
    .boolean()
    .default(true)
    .meta({
      description: "Whether a Prefect server runs here. If not, prefect.api_url says where it is.",
      examples: [false],
    }),
  host: leaf.host.default("127.0.0.1").meta({
    description: "Address that the server listens on. 0.0.0.0 opens it to the network.",
    examples: ["0.0.0.0"],
  }),
  port: leaf.port.default(4200).meta({
    description: "Port that the server listens on.",
    examples: [4201],
  }),
  public_url: leaf.url.optional().meta({
    description: "Address of the API as browsers reach it, PREFECT_UI_API_URL.",
    examples: ["https://prefect.example.org/api"],
  }),
  auth_file: leaf.path.optional().meta({
    description: "File with USER:PASSWORD that the API then asks for; readable by its owner only.",
    examples: ["/etc/sails-supervisor/auth"],
  }),
  database_url: leaf.databaseUrl.optional().meta({
    description: "Database of the server. None: SQLite in prefect.home.",
    examples: ["postgresql+asyncpg://prefect:secret@localhost/prefect"],
  }),
});

const queue = z
  .strictObject({
    name: leaf.poolName.meta({ description: "Name of the work queue.", examples: ["urgent"] }),
    concurrency_limit: z
      .int()
      .min(0)
      .optional()
      .meta({
        description:
          "How many flow runs are taken from the queue at once. None: what Prefect holds stays.",
        examples: [1],
      }),
    priority: z
      .int()
      .min(1)
      .optional()
      .meta({
        description:
          "Whose runs go first: 1 before 2. Prefect moves other queues aside. None: what Prefect holds stays.",
        examples: [1],
      }),
  })
  .meta({ description: "A work queue of a pool." });

const pool = z
  .strictObject({
    name: leaf.poolName.meta({ description: "Name of the work pool.", examples: ["vm-runs"] }),
    type: leaf.words.default("process").meta({
      description: "Type of the pool; given to Prefect when the pool is made.",
      examples: ["process"],
    }),
    concurrency_limit: z
      .int()
      .min(1)
      .optional()
      .meta({
        description: "How many flow runs the pool takes at once. None: what Prefect holds stays.",
        examples: [2],
      }),
    description: leaf.words.optional().meta({
      description:
        "What the pool is for, as Prefect's pages show it. None: what Prefect holds stays.",
      examples: ["Light flows on this machine"],
    }),
    queues: z
      .array(queue)
      .default([])
      .meta({
        description: "Work queues of the pool that are kept in place. Others are left alone.",
        examples: [[{ name: "urgent", priority: 1 }]],
      }),
    workers: z
      .int()
      .min(1)
      .max(1000)
      .default(1)
      .meta({
        description: "How many workers serve the pool from this machine.",
        examples: [1],
      }),
    requires: z
      .array(leaf.words)
      .default([])
      .meta({
        title: "a list of checks",
        description:
          "Checks that must hold. While one of them fails or hangs, the pool is paused; afterwards it goes on.",
        examples: [["arc"]],
      }),
    detached: z
      .boolean()
      .default(true)
      .meta({
        description:
          "Whether flow runs outlive the death and the restart of their worker. false leaves them to it, as Prefect does: a restart then waits for them.",
        examples: [false],
      }),
    drain_timeout: leaf.positiveTimer.default("12h").meta({
      description:
        "How long a drain, or the restart of a worker whose runs are not detached, waits for them.",
      examples: ["12h"],
    }),
    stop_timeout: leaf.timer.default("10s").meta({
      description:
        "How long running flows may go on when everything is stopped; then they get SIGTERM and are Crashed.",
      examples: ["10m"],
    }),
    strays: z
      .enum(["kill", "report"])
      .default("kill")
      .meta({
        description: "What is done with processes that a flow run has left behind.",
        examples: ["report"],
      }),
    on_crash: z
      .enum(["leave", "reschedule"])
      .default("leave")
      .meta({
        description:
          "What is done with a run whose process died in the middle: it stays Crashed, or it runs again from its beginning.",
        examples: ["reschedule"],
      }),
    max_reschedules: z
      .int()
      .min(0)
      .max(100)
      .default(3)
      .meta({
        description: "How often on_crash: reschedule runs one flow run again at most.",
        examples: [3],
      }),
  })
  .meta({ description: "A work pool and its workers." });

const schedule = z
  .strictObject({
    deployment: leaf.deploymentName.meta({
      description: "The deployment that is scheduled, FLOW/NAME.",
      examples: ["monitor/monitor"],
    }),
    cron: leaf.cron.optional().meta({
      description: "When, as a cron expression. One of cron, interval and rrule is needed.",
      examples: ["*/15 * * * *"],
    }),
    interval: leaf.duration.optional().meta({
      description: "When, as the time between two runs.",
      examples: ["15m"],
    }),
    rrule: leaf.rrule.optional().meta({
      description: "When, as a recurrence rule of RFC 5545.",
      examples: ["FREQ=WEEKLY;BYDAY=MO;BYHOUR=6"],
    }),
    timezone: leaf.timezone.default("UTC").meta({
      description: "Time zone of cron and rrule.",
      examples: ["Europe/Berlin"],
    }),
    active: z
      .boolean()
      .default(true)
      .meta({
        description: "false keeps the schedule without making runs.",
        examples: [false],
      }),
  })
  .meta({ description: "A schedule of one deployment." });

const deployments = z
  .strictObject({
    prefect_yaml: leaf.path.meta({
      description: "A prefect.yaml whose deployments are kept in place.",
      examples: ["~/project/prefect.yaml"],
    }),
    schedules: z
      .array(schedule)
      .default([])
      .meta({
        description: "Schedules of those deployments.",
        examples: [[{ deployment: "monitor/monitor", cron: "*/15 * * * *" }]],
      }),
    prune: z
      .boolean()
      .default(false)
      .meta({
        description:
          "Whether a deployment that was made from the file is deleted when it is no longer in it. Else it is only listed.",
        examples: [true],
      }),
  })
  .meta({ description: "The deployments of one prefect.yaml." });

const limit = z
  .strictObject({
    name: leaf.words.meta({ description: "Name of the limit.", examples: ["archive"] }),
    limit: z
      .int()
      .min(0)
      .meta({ description: "How many may hold it at once.", examples: [3] }),
  })
  .meta({ description: "One of Prefect's global concurrency limits." });

const mode = z.enum(["enforce", "report"]);
const drift = z.strictObject({
  limits: mode.default("enforce").meta({
    description: "Concurrency limits of pools and queues, and global ones.",
    examples: ["report"],
  }),
  pools: mode.default("report").meta({
    description: "Everything else of pools and queues.",
    examples: ["enforce"],
  }),
  deployments: mode.default("report").meta({
    description: "Deployments that were changed in Prefect; enforce deploys them again.",
    examples: ["enforce"],
  }),
  schedules: mode.default("report").meta({
    description: "Schedules of this file that were changed in Prefect. A pause of one is kept.",
    examples: ["enforce"],
  }),
});

const web = z.strictObject({
  listen: leaf.listener.default("127.0.0.1:9746").meta({
    description: "Where metrics, health and the status page are served.",
    examples: ["0.0.0.0:9746", "[::1]:9746"],
  }),
  config_file: leaf.path.optional().meta({
    description:
      "TLS and passwords, in the form that all Prometheus exporters have (`--web.config.file`): tls_server_config, http_server_config, basic_auth_users.",
    examples: ["/etc/sails-supervisor/web.yml"],
  }),
});

export const schema = z
  .strictObject({
    prefect: prefect.prefault({}).meta({ description: "Prefect itself." }),
    environment: environment.prefault({}).meta({ description: "The Python environment." }),
    server: server.prefault({}).meta({ description: "Prefect's server." }),
    pools: z
      .array(pool)
      .default([])
      .meta({
        description: "Work pools that are kept in place, each with its workers.",
        examples: [[{ name: "vm-runs", concurrency_limit: 2 }]],
      }),
    deployments: z
      .array(deployments)
      .default([])
      .meta({
        description: "Deployments that are kept in place.",
        examples: [[{ prefect_yaml: "~/project/prefect.yaml" }]],
      }),
    checks: z
      .array(check)
      .default([])
      .meta({
        description: "What must hold beside the units; pools may require it.",
        examples: [[{ name: "arc", mount: "~/arc", every: "30s" }]],
      }),
    notify: z
      .array(notify)
      .default([])
      .meta({
        description: "Who is told when somebody is needed, and when it is over.",
        examples: [[{ name: "mail", command: ["/usr/local/bin/tell-me"] }]],
      }),
    concurrency_limits: z
      .array(limit)
      .default([])
      .meta({
        description: "Global concurrency limits that are kept in place. Others are left alone.",
        examples: [[{ name: "archive", limit: 3 }]],
      }),
    drift: drift.prefault({}).meta({
      description:
        "What is done about a thing that somebody has changed in Prefect since it was as declared: it is put back, or only reported. A change of what is declared is always made. One word, such as `drift: report`, is meant for all of them.",
      examples: [{ limits: "report" }],
    }),
    services: z
      .array(service)
      .default([])
      .meta({
        description: "Other long-running processes.",
        examples: [[{ name: "tunnel", command: ["ssh", "-N", "gateway"] }]],
      }),
    jobs: jobs.prefault({}).meta({ description: "What is done at set times." }),
    web: web.prefault({}).meta({ description: "Metrics and status over HTTP." }),
    state_dir: leaf.path.optional().meta({
      description: "Folder of the supervisor's own state.",
      examples: ["/var/lib/sails-supervisor"],
    }),
  })
  .meta({ title: "sails-supervisor", description: "Configuration of sails-supervisor." });

/** As a file may say it: checked, with the constant defaults in place. */
export type Written = z.output<typeof schema>;
