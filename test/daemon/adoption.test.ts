/** What becomes of what runs when its daemon dies, and of what has happened by when the next one comes. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import type { UnitStatus } from "../../src/control/status.ts";
import { identify } from "../../src/host/processes.ts";
import { type DaemonProcess, gone, kill, marked, Workplace } from "../support/daemon-process.ts";

type Service = Readonly<Record<string, unknown>>;

const sleeper = (name: string, more: Service = {}): Service => ({
  name,
  command: ["sleep", "100000"],
  stable_after: "10ms",
  ...more,
});

const services = (...list: readonly Service[]) => ({ server: { enabled: false }, services: list });

/** Appends its process id to a file as it starts. */
const counted = (name: string, file: string, more: Service = {}): Service =>
  sleeper(name, {
    command: ["sh", "-c", `echo $$ >> ${file}; exec sleep 100000`],
    ...more,
  });

/** The process ids of all starts, once there are so many: a unit is ready before its program has begun. */
async function startsIn(file: string, least: number): Promise<readonly number[]> {
  for (;;) {
    const text = await readFile(file, "utf8").catch(() => "");
    const starts = text.split("\n").slice(0, -1).map(Number);
    if (starts.length >= least) return starts;
    await new Promise((done) => setTimeout(done, 10));
  }
}

const pidsOf = (units: readonly UnitStatus[]): ReadonlyMap<string, number | null> =>
  new Map(units.map(({ name, pid }) => [name, pid]));

async function metric(place: Workplace, series: string): Promise<number | undefined> {
  const text = await (await fetch(`${place.webUrl}/metrics`)).text();
  const line = text.split("\n").find((each) => each.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.split(" ").at(-1));
}

const ofUnit = (family: string, unit: string, more = ""): string =>
  `sails_unit_${family}{unit="${unit}",pool=""${more}}`;

/** Changes what the state file says of the child of a unit. */
async function rewrite(
  place: Workplace,
  unit: string,
  change: Readonly<Record<string, unknown>>,
): Promise<void> {
  const file = join(place.stateDir, "state.json");
  const state: unknown = JSON.parse(await readFile(file, "utf8"));
  expect(state).toHaveProperty(["children", unit]);
  const { children } = state as { children: Record<string, object> };
  await writeFile(
    file,
    JSON.stringify({
      ...(state as object),
      children: { ...children, [unit]: { ...children[unit], ...change } },
    }),
  );
}

/** Resolves when the state file names these processes. */
async function recorded(place: Workplace, pids: readonly (number | null)[]): Promise<void> {
  const file = join(place.stateDir, "state.json");
  for (;;) {
    const text = await readFile(file, "utf8").catch(() => "");
    if (pids.every((pid) => text.includes(`"pid": ${pid},`))) return;
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Ready, and all of it in the state file. */
async function running(place: Workplace): Promise<readonly [DaemonProcess, readonly UnitStatus[]]> {
  const daemon = place.start();
  const { units } = await daemon.untilReady();
  await recorded(
    place,
    units.map(({ pid }) => pid),
  );
  return [daemon, units];
}

/** Something of the operator's own. */
function stranger(): ChildProcess & { readonly pid: number } {
  const child = spawn("sleep", ["100000"], { stdio: "ignore" });
  if (child.pid === undefined) throw new Error("sleep could not be started");
  onTestFinished(() => void child.kill("SIGKILL"));
  return Object.assign(child, { pid: child.pid });
}

describe("a daemon that dies harms nothing", () => {
  test.each(["SIGKILL", "SIGSEGV", "SIGABRT", "SIGBUS"] as const)(
    "%s: the next one takes over what runs, and learns of its end at once",
    async (signal) => {
      await using place = await Workplace.make(services(sleeper("a"), sleeper("b")));
      const [first, before] = await running(place);
      await first.end(signal);
      const second = place.start();
      const { units } = await second.untilReady();
      expect(pidsOf(units)).toEqual(pidsOf(before));
      expect(units.map(({ restarts }) => restarts)).toEqual([0, 0]);
      expect(second.output).toMatch(/2 units taken over as they run, \d+ m?s after the start/);
      expect(await metric(place, ofUnit("adopted", "service@a"))).toBe(1);
      expect(await metric(place, ofUnit("adoptions_total", "service@a"))).toBe(1);
      expect(await metric(place, ofUnit("starts_total", "service@a"))).toBe(0);
      expect(await metric(place, "sails_adoption_duration_seconds")).toBeGreaterThan(0);

      const [a] = before;
      const killedAt = performance.now();
      kill(a?.pid);
      const after = await second.untilUnit("service@a", (u) => u.ready && u.pid !== a?.pid);
      // Whatever does not hear of it looks every ten seconds.
      expect(performance.now() - killedAt).toBeLessThan(5_000);
      expect(after.restarts).toBe(1);
      expect(await metric(place, ofUnit("adopted", "service@a"))).toBe(0);
      expect((await second.unit("service@b")).pid).toBe(before[1]?.pid);
    },
  );

  test("the count of restarts survives, and is written again by the daemon that took over", async () => {
    await using place = await Workplace.make(services(sleeper("a")));
    let [daemon, [unit]] = await running(place);
    kill(unit?.pid);
    unit = await daemon.untilUnit("service@a", ({ ready, restarts }) => ready && restarts === 1);
    await recorded(place, [unit.pid]);
    for (let i = 0; i < 3; i += 1) {
      await daemon.end("SIGKILL");
      [daemon] = await running(place);
      expect(await daemon.unit("service@a")).toMatchObject({ pid: unit.pid, restarts: 1 });
    }
  });

  test("killed again and again in its first second, it starts each unit once", async () => {
    await using place = await Workplace.make({});
    const names = ["a", "b", "c", "d", "e"];
    const file = (name: string) => join(place.directory, `starts-${name}`);
    await place.configure(services(...names.map((name) => counted(name, file(name)))));
    const moments: number[] = [];
    for (let i = 0; i < 20; i += 1) {
      const daemon = place.start();
      const afterMs = Math.random() * 1_000;
      moments.push(Math.round(afterMs));
      await new Promise((done) => setTimeout(done, afterMs));
      await daemon.end("SIGKILL");
    }
    const last = place.start();
    const { units } = await last.untilReady();
    for (const name of names) {
      const starts = await startsIn(file(name), 1);
      const { pid } = units.find((unit) => unit.name === `service@${name}`) ?? {};
      expect(starts, `${name}, killed after ${moments.join(", ")} ms`).toEqual([pid]);
    }
  });
});

test("a daemon that leaves has everything written down, and the next one takes it over", async () => {
  const mark = randomUUID();
  const env = { SAILS_TEST_MARK: mark };
  await using place = await Workplace.make(services(sleeper("a", { env }), sleeper("b", { env })));
  const fixture = resolve("test/fixtures/leave.ts");
  const { PATH, HOME } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [fixture, place.configFile], {
    env: { PATH, HOME },
  });
  expect(stdout).toContain("restart ordered: leaves everything running");
  const left = marked(mark);
  expect(left).toHaveLength(2);
  const state = await readFile(join(place.stateDir, "state.json"), "utf8");
  for (const pid of left) expect(state).toContain(`"pid": ${pid},`);
  const next = place.start();
  const { units } = await next.untilReady();
  expect(new Set(units.map(({ pid }) => pid))).toEqual(new Set(left));
});

describe("what has changed while no daemon ran", () => {
  test("a unit that is asked for in another way is restarted, and no other", async () => {
    await using place = await Workplace.make(services(sleeper("a"), sleeper("b")));
    const [first, before] = await running(place);
    await first.end("SIGKILL");
    await place.configure(services(sleeper("a"), sleeper("b", { env: { COLOUR: "blue" } })));
    const second = place.start();
    const old = before.find(({ name }) => name === "service@b");
    const changed = await second.untilUnit("service@b", (u) => u.ready && u.pid !== old?.pid);
    expect(changed.restarts).toBe(1);
    expect(await readFile(`/proc/${changed.pid}/environ`, "utf8")).toContain("COLOUR=blue");
    expect((await second.unit("service@a")).pid).toBe(before[0]?.pid);
    expect(second.output).toContain("service@b: is stopped: restarted: its configuration has");
    await gone(old?.pid ?? 0);
  });

  test("a unit that is declared no more is ended, and what is new waits for that", async () => {
    const mark = randomUUID();
    const env = { SAILS_TEST_MARK: mark };
    await using place = await Workplace.make(services(sleeper("a"), sleeper("b", { env })));
    const [first, before] = await running(place);
    await first.end("SIGKILL");
    await place.configure(services(sleeper("a"), sleeper("c")));
    const second = place.start();
    const { units } = await second.untilReady();
    expect(marked(mark)).toEqual([]);
    expect(units.map(({ name }) => name)).toEqual(["service@a", "service@c"]);
    expect(units[0]?.pid).toBe(before[0]?.pid);
    expect(second.output).toContain("ended 1 processes of an earlier daemon");
  });

  test("what the operator has stopped stays stopped", async () => {
    await using place = await Workplace.make(services(sleeper("a"), sleeper("b")));
    const [first] = await running(place);
    expect((await place.run("stop", "service@a")).status).toBe(0);
    await first.end("SIGKILL");
    const second = place.start();
    await second.untilReady();
    expect(await second.unit("service@a")).toMatchObject({ state: "stopped", pid: null });
  });

  test("a stop that the daemon did not live to see is carried out", async () => {
    const deaf = ["sh", "-c", "trap '' TERM; while :; do sleep 1000; done"];
    await using place = await Workplace.make(
      services(sleeper("a", { command: deaf, stop_timeout: "10m" })),
    );
    const [first, [unit]] = await running(place);
    expect((await place.run("stop", "service@a", "--no-wait")).status).toBe(0);
    await first.untilUnit("service@a", ({ state }) => state === "stopping");
    await first.end("SIGKILL");
    const second = place.start();
    const stopping = await second.untilUnit("service@a", ({ state }) => state === "stopping");
    expect(stopping).toMatchObject({ pid: unit?.pid, desired: "down" });
    kill(unit?.pid);
    await second.untilUnit("service@a", ({ state }) => state === "stopped");
  });

  test("a child that has ended is started anew; what it left behind is ended before", async () => {
    const mark = randomUUID();
    const command = ["sh", "-c", "setsid -f sleep 100000; exec sleep 100000"];
    await using place = await Workplace.make(
      services(sleeper("a", { command, env: { SAILS_TEST_MARK: mark } })),
    );
    const [first, [unit]] = await running(place);
    await first.end("SIGKILL");
    kill(unit?.pid);
    await gone(unit?.pid ?? 0);
    const left = marked(mark);
    expect(left).toHaveLength(1);
    const second = place.start();
    const { units } = await second.untilReady();
    expect(units[0]?.pid).not.toBe(left[0]);
    expect(marked(mark)).not.toContain(left[0]);
    expect(second.output).toContain(`its process ${unit?.pid} has ended while no daemon ran`);
    const lost = ofUnit("adoption_failures_total", "service@a", ',reason="gone"');
    expect(await metric(place, lost)).toBe(1);
  });

  test("a flow run is left alone, though it bears the marks of a unit that is gone", async () => {
    const mark = randomUUID();
    const run = "PREFECT__FLOW_RUN_ID=x setsid -f sleep 100000";
    await using place = await Workplace.make(
      services(
        sleeper("a", {
          command: ["sh", "-c", `${run}; exec sleep 100000`],
          env: { SAILS_TEST_MARK: mark },
        }),
      ),
    );
    const [first, [unit]] = await running(place);
    await first.end("SIGKILL");
    kill(unit?.pid);
    await gone(unit?.pid ?? 0);
    const [flow = 0] = marked(mark);
    await place.configure(services(sleeper("b")));
    const second = place.start();
    await second.untilReady();
    expect(marked(mark)).toEqual([flow]);
    expect(await second.end("SIGTERM")).toBe(0);
    expect(marked(mark), "a stop of the whole leaves nothing").toEqual([]);
  });
});

describe("what is known of before is wrong, or lost", () => {
  test("a recorded process that is a stranger's is neither taken over nor touched", async () => {
    await using place = await Workplace.make(services(sleeper("a")));
    const [first, [unit]] = await running(place);
    await first.end("SIGKILL");
    kill(unit?.pid);
    await gone(unit?.pid ?? 0);
    const other = stranger();
    await rewrite(place, "service@a", { pid: other.pid });
    const second = place.start();
    const { units } = await second.untilReady();
    expect(units[0]?.pid).not.toBe(other.pid);
    expect(identify(other.pid)).toBeDefined();
    await second.says(`${other.pid} is another's by now`);
    const lost = ofUnit("adoption_failures_total", "service@a", ',reason="pid_reused"');
    expect(await metric(place, lost)).toBe(1);
    expect(await second.end("SIGTERM")).toBe(0);
    expect(other.exitCode ?? other.signalCode, "the stranger").toBeNull();
  });

  test("a record of another boot is worth nothing, even if all its numbers fit", async () => {
    await using place = await Workplace.make(services(sleeper("a")));
    const [first, [unit]] = await running(place);
    await first.end("SIGKILL");
    kill(unit?.pid);
    await gone(unit?.pid ?? 0);
    const other = stranger();
    await rewrite(place, "service@a", { ...identify(other.pid), bootId: randomUUID() });
    const second = place.start();
    const { units } = await second.untilReady();
    expect(units[0]?.pid).not.toBe(other.pid);
    await second.says("the machine has been rebooted");
    const lost = ofUnit("adoption_failures_total", "service@a", ',reason="other_boot"');
    expect(await metric(place, lost)).toBe(1);
    expect(await second.end("SIGTERM")).toBe(0);
    expect(other.exitCode ?? other.signalCode, "the stranger").toBeNull();
  });

  test.each<readonly [string, (place: Workplace) => Promise<void>]>([
    [
      "is cut in half",
      async ({ stateDir }) => {
        const text = await readFile(join(stateDir, "state.json"), "utf8");
        await writeFile(join(stateDir, "state.json"), text.slice(0, text.length / 2));
      },
    ],
    ["is empty", ({ stateDir }) => writeFile(join(stateDir, "state.json"), "")],
    ["is no JSON", ({ stateDir }) => writeFile(join(stateDir, "state.json"), "\0\0\0\0")],
    ["is gone", ({ stateDir }) => rm(join(stateDir, "state.json"))],
    ["is gone with its whole folder", ({ stateDir }) => rm(stateDir, { recursive: true })],
    [
      "lacks what was started last",
      async (place) => {
        const file = join(place.stateDir, "state.json");
        const text = await readFile(file, "utf8");
        await writeFile(file, JSON.stringify({ ...(JSON.parse(text) as object), children: {} }));
      },
    ],
    ["has no sense for one unit", (place) => rewrite(place, "service@a", { pid: "many" })],
    [
      "knows an earlier child only",
      (place) => rewrite(place, "service@a", { pid: 2 ** 22 + 1, invocation: randomUUID() }),
    ],
  ])("a state file that %s: what runs is found by its marks", async (_, damage) => {
    await using place = await Workplace.make({});
    const file = (name: string) => join(place.directory, `starts-${name}`);
    await place.configure(services(counted("a", file("a")), counted("b", file("b"))));
    const [first, before] = await running(place);
    await first.end("SIGKILL");
    await damage(place);
    const second = place.start();
    const { units } = await second.untilReady();
    expect(pidsOf(units)).toEqual(pidsOf(before));
    for (const name of ["a", "b"]) expect(await startsIn(file(name), 1)).toHaveLength(1);
    kill(units[0]?.pid);
    await second.untilUnit("service@a", ({ ready, pid }) => ready && pid !== units[0]?.pid);
    expect(await startsIn(file("a"), 2)).toHaveLength(2);
  });

  test("what escaped from a dead child is not taken for it", async () => {
    const mark = randomUUID();
    const command = ["sh", "-c", "setsid -f sleep 100000; exec sleep 100000"];
    await using place = await Workplace.make(
      services(sleeper("a", { command, env: { SAILS_TEST_MARK: mark } })),
    );
    const [first, before] = await running(place);
    await first.end("SIGKILL");
    await rm(join(place.stateDir, "state.json"));
    const second = place.start();
    const { units } = await second.untilReady();
    expect(pidsOf(units)).toEqual(pidsOf(before));
    expect(marked(mark)).toHaveLength(2);
  });
});

describe("lifelines", () => {
  test("a program that closes its own is taken over, and looked at once a second", async () => {
    const command = ["sh", "-c", "exec 3>&-; exec sleep 100000"];
    await using place = await Workplace.make(services(sleeper("a", { command })));
    const [first, before] = await running(place);
    await first.end("SIGKILL");
    const second = place.start();
    const { units } = await second.untilReady();
    expect(pidsOf(units)).toEqual(pidsOf(before));
    kill(units[0]?.pid);
    await second.untilUnit("service@a", ({ ready, pid }) => ready && pid !== units[0]?.pid);
  });

  test("without mkfifo there are none, and children are taken over by their records", async () => {
    const command = ["/bin/sleep", "100000"];
    await using place = await Workplace.make(services(sleeper("a", { command })));
    const first = place.start({ PATH: "/nowhere" });
    const before = await first.untilReady();
    expect(first.output).toContain("units run without a lifeline");
    await recorded(
      place,
      before.units.map(({ pid }) => pid),
    );
    await first.end("SIGKILL");
    const second = place.start({ PATH: "/nowhere" });
    const { units } = await second.untilReady();
    expect(pidsOf(units)).toEqual(pidsOf(before.units));
    kill(units[0]?.pid);
    await second.untilUnit("service@a", ({ ready, pid }) => ready && pid !== units[0]?.pid);
  });
});

describe("re-execution in place", () => {
  test("SIGUSR2: the process stays, all children run on, and how they end is known", async () => {
    const command = ["sh", "-c", "trap 'exit 7' USR1; while :; do sleep 1000 & wait; done"];
    await using place = await Workplace.make(services(sleeper("a", { command }), sleeper("b")));
    const [daemon, before] = await running(place);
    daemon.signal("SIGUSR2");
    await daemon.says(/2 units taken over as they run/);
    const { units, supervisor } = await daemon.untilReady();
    expect(supervisor.pid).toBe(daemon.pid);
    expect(pidsOf(units)).toEqual(pidsOf(before));

    const [a, b] = units;
    process.kill(a?.pid ?? 0, "SIGUSR1");
    const restarted = await daemon.untilUnit("service@a", (u) => u.ready && u.pid !== a?.pid);
    expect(restarted.reason).toContain("before that it exited with status 7 after");
    const code = await metric(place, ofUnit("last_exit_code", "service@a"));
    expect(code).toBe(7);
    kill(b?.pid);
    const killed = await daemon.untilUnit("service@b", (u) => u.ready && u.pid !== b?.pid);
    expect(killed.reason).toContain("before that it was ended by SIGKILL after");
    expect(await daemon.end("SIGTERM")).toBe(0);
  });

  test("again and again, with children of each image", async () => {
    const mark = randomUUID();
    const env = { SAILS_TEST_MARK: mark };
    await using place = await Workplace.make(
      services(sleeper("a", { env }), sleeper("b", { env })),
    );
    const [daemon] = await running(place);
    for (let i = 1; i <= 3; i += 1) {
      daemon.signal("SIGUSR2");
      await daemon.says(new RegExp(`(2 units taken over as they run[^]*){${i}}`));
      const { pid } = await daemon.unit("service@a");
      kill(pid);
      await daemon.untilUnit("service@a", (u) => u.ready && u.pid !== pid);
      expect(marked(mark)).toHaveLength(2);
    }
    expect(await daemon.end("SIGTERM")).toBe(0);
    expect(marked(mark)).toEqual([]);
  });

  test("is refused if the next image would not start, and nothing has happened", async () => {
    await using place = await Workplace.make(services(sleeper("a")));
    const [daemon, before] = await running(place);
    await place.configure({ services: [{ nmae: "a" }] });
    daemon.signal("SIGUSR2");
    await daemon.says("goes on as it is, for the program on the disk would not start");
    expect(daemon.output).toContain("nmae");
    expect(pidsOf((await daemon.status()).units)).toEqual(pidsOf(before));
    await place.configure(services(sleeper("a")));
    daemon.signal("SIGUSR2");
    await daemon.says("1 unit taken over as it runs");
  });
});

test("a second daemon beside a living one touches nothing, and takes over when that is dead", async () => {
  await using place = await Workplace.make(services(sleeper("a")));
  const [first, before] = await running(place);
  const refused = place.start();
  expect(await refused.ended()).toBe(1);
  const seen = pidsOf((await first.status()).units);
  expect(seen).toEqual(pidsOf(before));
  first.signal("SIGSTOP");
  const alsoRefused = place.start();
  expect(await alsoRefused.ended(), "one that only sleeps").toBe(1);
  await first.end("SIGKILL");
  const second = place.start();
  expect(pidsOf((await second.untilReady()).units)).toEqual(pidsOf(before));
});
