/**
 * A real Prefect with one pool and the flows of test/fixtures/flows under a real systemd. Its data
 * are on a volume of their own, which a unit of systemd's mounts.
 */
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createRun, flowProject, printedIn, type SeenRun } from "../flow-runs.ts";
import { ask, askUntil } from "../prefect-server.ts";
import { type Entry, type SystemdContainer, user } from "./container.ts";
import { InstalledDaemon } from "./installed-daemon.ts";

/** A run as the database has it. */
export interface StoredRun {
  readonly id: string;
  readonly type: string;
  readonly message: string | null;
}

export interface RunWish {
  readonly flow?: "ticker" | "parent";
  readonly seconds?: number;
  /** It ends when this file is there. */
  readonly until?: string;
  /** Whether it is started as Prefect itself would start it, and goes with its worker. */
  readonly isAttached?: boolean;
  readonly scheduledFor?: Date;
}

export class InstalledFlows {
  readonly daemon: InstalledDaemon;
  /** Where the volume is mounted, and what is mounted there. */
  static readonly volume = { target: "/mnt/prefect", source: "/srv/volume" } as const;
  static readonly home = join(InstalledFlows.volume.target, "home");
  #api: { readonly leader: number; readonly url: Promise<string> } | undefined;

  private constructor(daemon: InstalledDaemon) {
    this.daemon = daemon;
  }

  /** Starts with the machine; not started yet. */
  static async install(
    container: SystemdContainer,
    environment: string,
    pool: Readonly<Record<string, unknown>> = {},
    install: (config: Readonly<Record<string, unknown>>) => Promise<InstalledDaemon> = (config) =>
      InstalledDaemon.install(container, { config }),
  ): Promise<InstalledFlows> {
    const project = "/srv/flows";
    const { target, source } = InstalledFlows.volume;
    await cp(flowProject, container.path(project), { recursive: true });
    await container.ask(["chown", "-R", user, project]);
    await container.ask(["install", "-d", "-o", user, target, source]);
    const mount = `[Mount]\nWhat=${source}\nWhere=${target}\nType=none\nOptions=bind\n`;
    const wanted = "[Install]\nWantedBy=local-fs.target\n";
    await container.write(`/etc/systemd/system/${InstalledFlows.mountUnit}`, mount + wanted);
    const daemon = await install({
      prefect: {
        home: InstalledFlows.home,
        env: { PREFECT_WORKER_QUERY_SECONDS: "2", SAILS_TEST_FLOWS: project },
      },
      environment: { path: environment },
      server: { enabled: true },
      pools: [{ name: "runs", concurrency_limit: 10, ...pool }],
      deployments: [{ prefect_yaml: join(project, "prefect.yaml") }],
    });
    await container.ask(["systemctl", "enable", "--now", InstalledFlows.mountUnit]);
    await container.ask(["systemctl", "enable", "sails-supervisor"]);
    return new InstalledFlows(daemon);
  }

  static get mountUnit(): string {
    return `${InstalledFlows.volume.target.slice(1).replaceAll("/", "-")}.mount`;
  }

  get container(): SystemdContainer {
    return this.daemon.container;
  }

  /** Resolves when workers take runs, whether it had been started before or not. */
  async running(): Promise<void> {
    await this.daemon.order("start");
    await this.daemon.untilReady(120_000);
  }

  /** Of the server; another one after each boot. */
  async apiUrl(): Promise<string> {
    const { leader } = this.container;
    if (this.#api?.leader !== leader) {
      this.#api = { leader, url: this.container.forward(4200) };
    }
    return `${await this.#api.url}/api`;
  }

  async create(wish: RunWish = {}): Promise<string> {
    const { flow = "ticker", seconds = 600, until, isAttached = false, scheduledFor } = wish;
    return createRun(await this.apiUrl(), flow, {
      parameters: { seconds, ...(until === undefined ? {} : { until }) },
      ...(isAttached ? { job_variables: { command: "python -m prefect.engine" } } : {}),
      ...(scheduledFor === undefined
        ? {}
        : { state: { type: "SCHEDULED", state_details: { scheduled_time: scheduledFor } } }),
    });
  }

  async seen(id: string): Promise<SeenRun> {
    return ask<SeenRun>(await this.apiUrl(), `/flow_runs/${id}`);
  }

  /** Resolves when it is in one of these states. */
  until(id: string, ...names: readonly string[]): Promise<SeenRun> {
    return askUntil(
      () => this.seen(id),
      ({ state }) => names.includes(state.name),
    );
  }

  async pool(): Promise<{ readonly is_paused: boolean; readonly concurrency_limit: number }> {
    return ask(await this.apiUrl(), "/work_pools/runs");
  }

  async limit(slots: number): Promise<void> {
    const response = await fetch(`${await this.apiUrl()}/work_pools/runs`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ concurrency_limit: slots }),
    });
    if (!response.ok) throw new Error(`the limit was not set: ${response.status}`);
  }

  /** The runs that hold a slot of the pool. */
  async holders(): Promise<readonly SeenRun[]> {
    const type = { any_: ["PENDING", "RUNNING", "CANCELLING"] };
    const body = { flow_runs: { state: { type } } };
    return ask<SeenRun[]>(await this.apiUrl(), "/flow_runs/filter", body);
  }

  /** What its process has said, whichever boot that was in: by the cgroup that it has of its own. */
  async output(id: string): Promise<readonly Entry[]> {
    const all = await this.container.journal("-t", "prefect-run");
    return all.filter(({ fields }) => {
      const cgroup = String(fields["_SYSTEMD_CGROUP"] ?? "");
      return basename(dirname(cgroup)) === "runs" && basename(cgroup).startsWith(`${id}.`);
    });
  }

  async printed(id: string): Promise<readonly string[]> {
    return (await this.output(id)).flatMap(({ message }) => printedIn(message));
  }

  /** All runs, by id, from the file itself: no server is asked. */
  async stored(home: string = InstalledFlows.home): Promise<ReadonlyMap<string, StoredRun>> {
    const folder = await mkdtemp(join(tmpdir(), "sails-database-"));
    try {
      // SQLite would follow the way into the container to its end, and look for the file here.
      const inside = this.container.path(home);
      for (const name of await readdir(inside)) {
        if (name.startsWith("prefect.db")) await cp(join(inside, name), join(folder, name));
      }
      using database = new DatabaseSync(join(folder, "prefect.db"));
      const rows = database
        .prepare(
          `SELECT run.id, run.state_type AS type, state.message
           FROM flow_run AS run LEFT JOIN flow_run_state AS state ON state.id = run.state_id`,
        )
        .all() as unknown as StoredRun[];
      return new Map(rows.map((run) => [run.id, run]));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  /** What the daemon itself has said since the last boot. */
  async said(...words: readonly string[]): Promise<readonly Entry[]> {
    return this.daemon.journal("-b", "-t", "sails-supervisor", ...words);
  }
}
