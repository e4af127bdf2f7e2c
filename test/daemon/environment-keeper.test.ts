/** When environments are looked at, built and switched to: with a clock, a project and a uv that obey the test. */
import { mkdir, mkdtemp, readdir, readlink, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { expect, onTestFinished, test } from "vitest";
import { EnvironmentKeeper } from "../../src/daemon/environment-keeper.ts";
import type { Remembered } from "../../src/daemon/memory.ts";
import { scratchFiles } from "../../src/host/scratch-files.ts";
import { HostVersionStore } from "../../src/host/version-store.ts";
import { EnvironmentMetrics } from "../../src/metrics/environment-metrics.ts";
import { MetricRegistry } from "../../src/metrics/registry.ts";
import type { ReadProject, Uv, UvResult } from "../../src/prefect/environment/ports.ts";
import { minutes, seconds } from "../../src/supervision/time.ts";
import type { Blocker } from "../../src/supervision/unit-state.ts";
import { configOf } from "../prefect/unit/given.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const ok = { isOk: true, how: "", output: "" };

class Rig {
  readonly folder: string;
  readonly path: string;
  readonly clock = new VirtualClock();
  readonly keeper: EnvironmentKeeper;
  memory: { environment: Remembered["environment"] } = { environment: {} };
  lock = "prefect==3.8.8\n";
  /** What a look finds, if not the lock. */
  trouble: Exclude<ReadProject, { kind: "read" }> | undefined;
  looks = 0;
  /** What `uv pip install` says. */
  install: (signal: AbortSignal) => Promise<UvResult> = async () => ok;
  runsIn: readonly string[] = [];
  inUse: readonly string[] = [];
  /** Of the database. */
  revision: string | undefined;
  /** Which one each Prefect here knows. */
  known = "a1";
  /** Why PREFECT_HOME is not where it was. */
  away: Blocker | undefined;
  switches = 0;
  readonly states: string[] = [];
  #waiting = new Set<() => void>();

  private constructor(folder: string) {
    this.folder = folder;
    this.path = join(folder, "env");
    this.keeper = this.#make();
  }

  static async make(): Promise<Rig> {
    const folder = await mkdtemp(join(tmpdir(), "sails-keeper-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return new Rig(folder);
  }

  config(project = "/project") {
    return configOf({
      stateDir: join(this.folder, "state"),
      environment: { project, path: this.path, python: undefined },
    });
  }

  async start(): Promise<void> {
    await this.keeper.configure(this.config());
    this.keeper.start();
  }

  /** Resolves when it is so. */
  async until(...states: readonly string[]): Promise<void> {
    while (!states.includes(this.keeper.status?.state ?? "")) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      await promise;
    }
  }

  /** Resolves when nothing is done before some time has passed. */
  async rests(): Promise<void> {
    while (this.clock.pending === 0) await setImmediate();
  }

  async versions(): Promise<readonly string[]> {
    return (await readdir(`${this.path}.versions`)).toSorted();
  }

  link(): Promise<string> {
    return readlink(this.path);
  }

  async makeVersion(folder: string): Promise<void> {
    await mkdir(join(folder, "bin"), { recursive: true });
    await mkdir(join(folder, "lib/python3.12/site-packages/prefect-3.8.8.dist-info"), {
      recursive: true,
    });
    await writeFile(join(folder, "pyvenv.cfg"), "version_info = 3.12.1\n");
  }

  #make(): EnvironmentKeeper {
    const metrics = new EnvironmentMetrics(new MetricRegistry(), () => {
      throw new Error("nobody scrapes");
    });
    const uv: Uv = {
      version: "0.13.9",
      findPython: async () => ({ path: "/usr/bin/python3", version: "3.12.1" }),
      installedPythons: async () => [],
      run: async (args, _, signal) => {
        const [command, second] = args;
        if (command === "venv") await this.makeVersion(args.at(-1) ?? "");
        if (second === "freeze") return { ...ok, output: "prefect==3.8.8\n" };
        return second === "install" ? this.install(signal) : ok;
      },
    };
    return new EnvironmentKeeper({
      clock: this.clock,
      wallClock: () => new Date(this.clock.now()),
      memory: {
        now: this.memory as Remembered,
        change: async (change) => void Object.assign(this.memory, change),
      },
      reader: {
        read: async () => {
          this.looks += 1;
          const texts = { "requirements-locked.txt": this.lock };
          const content = { fingerprint: this.lock, texts, sources: "/project" };
          return this.trouble ?? { kind: "read", content };
        },
        copy: async () => ({ kind: "hangs" }),
      },
      storeAt: (path) => new HostVersionStore(path),
      findUv: async () => ({ kind: "found", uv }),
      run: async ({ command }) => ({
        ...ok,
        output:
          command.at(-1) === "--version"
            ? "3.8.8"
            : command[1] === "-c"
              ? JSON.stringify({ sqlite: [this.known], postgres: [] })
              : "",
      }),
      files: scratchFiles,
      base: {},
      suffix: () => "0f0f0f",
      homeBlocker: async () => this.away,
      foldersInUse: (folders) => new Set(folders.filter((each) => this.inUse.includes(each))),
      runsIn: () => this.runsIn,
      metrics: () => metrics,
      databaseRevision: async () => this.revision,
      keepCapabilities: () => undefined,
      switched: async () => void (this.switches += 1),
      log: () => undefined,
      changed: (_, to) => {
        this.states.push(to);
        for (const resolve of this.#waiting) resolve();
        this.#waiting.clear();
      },
    });
  }
}

test("what is in step is looked at every five minutes, and nothing is done", async () => {
  const rig = await Rig.make();
  await rig.start();
  await rig.until("in-step");
  expect(rig.switches).toBe(1);
  const { looks } = rig;
  await rig.clock.advance(minutes(4));
  expect(rig.looks).toBe(looks);
  rig.lock += "# another\n";
  await rig.clock.advance(minutes(1));
  await rig.until("building");
  await rig.until("in-step");
  expect(rig.looks).toBe(looks + 1);
  expect(rig.switches).toBe(2);
});

test("a build that fails is tried again after 30 s, a minute, two, at least every ten", async () => {
  const rig = await Rig.make();
  let tries = 0;
  rig.install = async () => {
    tries += 1;
    return { isOk: false, how: "exited with status 1", output: "error: No space left on device" };
  };
  await rig.start();
  await rig.until("failed");
  const waits: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    const { retryAt } = rig.keeper.status ?? {};
    const wait = (Date.parse(retryAt ?? "") - rig.clock.now()) / 1_000;
    waits.push(wait);
    await rig.clock.advance(seconds(wait));
    await rig.until("building");
    await rig.until("failed");
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600]);
  expect(tries).toBe(8);
  expect(rig.keeper.blocker?.why).toContain("No space left on device");
  // A reload begins anew.
  rig.install = async () => ok;
  await rig.start();
  await rig.until("in-step");
  expect(rig.keeper.problems).toEqual([]);
});

test("a project that does not answer is asked every minute; what is in use stays", async () => {
  const rig = await Rig.make();
  await rig.start();
  await rig.until("in-step");
  rig.trouble = { kind: "hangs" };
  await rig.clock.advance(minutes(5));
  await rig.until("hangs");
  expect(rig.keeper.problems.map(({ id }) => id)).toEqual(["environment"]);
  expect(rig.keeper.blocker).toBeUndefined();
  rig.trouble = undefined;
  await rig.clock.advance(seconds(60));
  await rig.until("in-step");
  expect(rig.switches).toBe(1);
});

test("runs that began in the folder of before hold the first switch back, and no later one", async () => {
  const rig = await Rig.make();
  await rig.makeVersion(rig.path);
  rig.runsIn = [rig.path];
  await rig.start();
  await rig.until("waiting");
  expect(await rig.keeper.sync()).toMatchObject({ environment: { state: "waiting" } });
  expect(await rig.link()).toBe("env.versions/adopted-0f0f0f");
  expect(rig.keeper.status?.reason).toContain("1 flow run began in the folder that was at");
  rig.runsIn = [`${rig.path}.versions/adopted-0f0f0f`];
  rig.keeper.runEnded();
  await rig.until("in-step");
  expect(await rig.link()).not.toContain("adopted");
});

test("a rollback cuts a build short", async () => {
  const rig = await Rig.make();
  await rig.start();
  await rig.until("in-step");
  const first = await rig.link();
  rig.lock += "# second\n";
  expect((await rig.keeper.sync()).kind).toBe("done");
  expect(await rig.link()).not.toBe(first);

  const { promise: installs, resolve: isInstalling } = Promise.withResolvers<void>();
  rig.install = (signal) => {
    isInstalling();
    // It has just been done when that is heard.
    return new Promise((resolve) => signal.addEventListener("abort", () => resolve(ok)));
  };
  rig.lock += "# third\n";
  const cut = rig.keeper.sync();
  await installs;
  expect(await rig.keeper.rollback()).toMatchObject({
    kind: "done",
    environment: { state: "held" },
  });
  expect(await cut).toMatchObject({ kind: "failed" });
  expect(await rig.link()).toBe(first);
  expect((await rig.versions()).filter((name) => name.includes("building"))).toEqual([]);
});

test("a rollback to a Prefect that does not know the database says so", async () => {
  const rig = await Rig.make();
  await rig.start();
  await rig.until("in-step");
  rig.lock += "# second\n";
  await rig.keeper.sync();
  rig.revision = "a1";
  expect(await rig.keeper.rollback()).toMatchObject({ kind: "done", warning: null });
  rig.revision = "b2";
  expect(await rig.keeper.rollback()).toMatchObject({
    kind: "done",
    warning: expect.stringContaining(
      "the database is newer than Prefect 3.8.8, which does not know its revision b2: the server cannot start",
    ),
  });
});

test("with nothing to go back to, a rollback says so and changes nothing", async () => {
  const rig = await Rig.make();
  await rig.start();
  await rig.until("in-step");
  const link = await rig.link();
  expect(await rig.keeper.rollback()).toMatchObject({ kind: "failed" });
  expect(await rig.link()).toBe(link);
  expect(rig.keeper.status?.state).toBe("in-step");
});

test("somebody links the path elsewhere: that is followed, and put right", async () => {
  const rig = await Rig.make();
  await rig.start();
  await rig.until("in-step");
  const ours = await rig.link();
  await rm(rig.path);
  await symlink("/opt/other", rig.path);
  expect((await rig.keeper.sync()).kind).toBe("done");
  expect(await rig.link()).toBe(ours);
  expect(rig.keeper.status?.previous).toBe("/opt/other");
  await rig.keeper.rollback();
  expect(await rig.link()).toBe("/opt/other");
});

test("one that a process runs in stays until that has ended", async () => {
  const rig = await Rig.make();
  await rig.start();
  await rig.until("in-step");
  const [first = ""] = await rig.versions();
  rig.inUse = [join(`${rig.path}.versions`, first)];
  for (const comment of ["# b\n", "# c\n"]) {
    rig.lock += comment;
    await rig.keeper.sync();
  }
  expect(await rig.versions()).toHaveLength(3);
  rig.inUse = [];
  await rig.keeper.sync();
  expect(await rig.versions()).toHaveLength(2);
  expect(await rig.versions()).not.toContain(first);
});

test("a run that ends lets the project be looked at only where one waited for it", async () => {
  const rig = await Rig.make();
  await rig.start();
  await rig.until("in-step");
  const [first = ""] = await rig.versions();
  rig.lock += "# second\n";
  await rig.keeper.sync();
  await rig.rests();
  // One to go back to is kept, whether runs are in it or not.
  const { looks } = rig;
  rig.keeper.runEnded();
  await rig.rests();
  expect(rig.looks).toBe(looks);

  rig.runsIn = [join(`${rig.path}.versions`, first)];
  rig.lock += "# third\n";
  await rig.keeper.sync();
  await rig.rests();
  expect(await rig.versions()).toHaveLength(3);
  rig.runsIn = [];
  rig.keeper.runEnded();
  await rig.rests();
  expect(await rig.versions()).toHaveLength(2);
});

test("while the volume is away nothing is built in its place", async () => {
  const rig = await Rig.make();
  rig.away = { kind: "volume", why: "its volume is probably not mounted", cure: "Mount it" };
  await rig.start();
  await rig.until("failed");
  expect(rig.keeper.status?.reason).toContain(
    "nothing is built: its volume is probably not mounted",
  );
  expect(rig.keeper.status?.next).toContain("Mount it");
  expect(await readdir(rig.folder)).toEqual([]);
  rig.away = undefined;
  expect((await rig.keeper.sync()).kind).toBe("done");
});

test("without a project it is used as it is, and orders say why they are none", async () => {
  const rig = await Rig.make();
  await rig.keeper.configure(configOf({ environment: { path: rig.path } }));
  rig.keeper.start();
  expect(rig.keeper.status?.state).toBe("as-is");
  expect(await rig.keeper.sync()).toMatchObject({ kind: "failed" });
  expect(rig.looks).toBe(0);
  expect(rig.clock.pending).toBe(0);
});
