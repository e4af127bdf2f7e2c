import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { kill, marked, Workplace } from "../support/daemon-process.ts";

const sleeper = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({
  name,
  command: ["sleep", "100000"],
  stable_after: "10ms",
  ...more,
});

const services = (...list: readonly object[]) => ({ server: { enabled: false }, services: list });

test("a child that is killed is back, with its cause in words", async () => {
  await using place = await Workplace.make(services(sleeper("a")));
  const daemon = place.start();
  const { units } = await daemon.untilReady();
  const before = units[0]?.pid;
  kill(before);
  const after = await daemon.untilUnit("service@a", ({ pid, ready }) => ready && pid !== before);
  expect(after).toMatchObject({ state: "running", restarts: 1 });
  expect(after.reason).toContain("before that it was ended by SIGKILL after");
});

test("five deaths at once open the breaker; status says why; the operator's restart goes at once", async () => {
  const dying = { name: "a", command: ["sh", "-c", "echo the sky is cloudy; exit 1"] };
  const quick = { restart_delay: "1ms", restart_max_delay: "2ms", stable_after: "60s" };
  await using place = await Workplace.make(services({ ...dying, ...quick }));
  const daemon = place.start();
  const broken = await daemon.untilUnit("service@a", ({ reasonCode }) => reasonCode === "breaker");
  expect(broken.restarts).toBe(4);
  expect(broken.reason).toMatch(
    /^died 5 times in 10 min; last it exited with status 1 after .*: the sky is cloudy$/,
  );
  expect(broken.next).toContain("one trial in");
  expect(broken.next).toContain("`sails-supervisor restart service@a` tries at once");

  const shown = await place.run("status");
  expect(shown.status).toBe(4);
  expect(shown.stdout.replaceAll(/\s+/g, " ")).toContain("the sky is cloudy");

  const restarted = daemon.untilUnit("service@a", ({ restarts }) => restarts >= 5);
  const order = await place.run("restart", "service@a", "--no-wait");
  expect(order).toMatchObject({ status: 0, stderr: "" });
  await restarted;
});

test("what the operator has stopped stays stopped when the daemon is started again", async () => {
  await using place = await Workplace.make(services(sleeper("a"), sleeper("b")));
  const first = place.start();
  await first.untilReady();
  expect((await place.run("stop", "service@a")).status).toBe(0);
  expect(await first.end("SIGTERM")).toBe(0);

  const second = place.start();
  await second.untilUnit("service@b", ({ ready }) => ready);
  expect(await second.unit("service@a")).toMatchObject({
    desired: "down",
    state: "stopped",
    pid: null,
  });
  expect((await place.run("start", "service@a")).status).toBe(0);
  expect(await second.unit("service@a")).toMatchObject({ desired: "up", state: "running" });
});

test("reload restarts what changed, starts what is new, stops what is gone, and touches nothing else", async () => {
  await using place = await Workplace.make(services(sleeper("same"), sleeper("b"), sleeper("c")));
  const daemon = place.start();
  const before = new Map(
    (await daemon.untilReady()).units.map(({ name, pid }) => [name, pid] as const),
  );
  await place.configure(services(sleeper("same"), sleeper("b", { env: { X: "1" } }), sleeper("d")));
  const reloaded = await place.run("reload");
  expect(reloaded.status).toBe(0);
  const after = await daemon.until(
    ({ units, ready }) => ready && units.every(({ name }) => name !== "service@c"),
  );
  const pids = new Map(after.units.map(({ name, pid }) => [name, pid] as const));
  expect([...pids.keys()].toSorted()).toEqual(["service@b", "service@d", "service@same"]);
  expect(pids.get("service@same")).toBe(before.get("service@same"));
  expect(pids.get("service@b")).not.toBe(before.get("service@b"));
});

test("a reload with a fault says where, and changes nothing", async () => {
  await using place = await Workplace.make(services(sleeper("a")));
  const daemon = place.start();
  const before = await daemon.untilReady();
  await place.configure({ services: [sleeper("a"), sleeper("a"), { nmae: "b" }] });
  const reloaded = await place.run("reload");
  expect(reloaded.status).toBe(1);
  expect(reloaded.stderr).toContain("nmae");
  expect(reloaded.stderr).toContain("still in force");
  daemon.signal("SIGHUP");
  await daemon.says(/still in force[\s\S]*still in force/);
  const after = await daemon.status();
  expect(after.units.map(({ pid }) => pid)).toEqual(before.units.map(({ pid }) => pid));
  const metrics = await (await fetch(`${place.webUrl}/metrics`)).text();
  expect(metrics).toContain("sails_config_last_reload_successful 0");
  expect(metrics).toContain("sails_config_reload_failures_total 2");
});

test("requests are counted by their route, those without one together, scrapes not at all", async () => {
  await using place = await Workplace.make(services(sleeper("a")));
  const daemon = place.start();
  await daemon.untilReady();
  await fetch(`${place.webUrl}/readyz/unit/nobody`);
  await fetch(`${place.webUrl}/nowhere/${randomUUID()}`);
  expect((await place.run("stop", "service@a")).status).toBe(0);
  const metrics = await (await fetch(`${place.webUrl}/metrics`)).text();
  const counted = metrics.match(/^sails_control_requests_total\{.*$/gm) ?? [];
  expect(counted).toContain('sails_control_requests_total{route="/readyz/*",code="404"} 1');
  expect(counted).toContain('sails_control_requests_total{route="other",code="404"} 1');
  expect(counted).toContain('sails_control_requests_total{route="/api/v1/stop",code="200"} 1');
  expect(counted.join()).not.toContain("/metrics");
});

test("a storm of reloads ends with the last configuration, and with no unit twice", async () => {
  await using place = await Workplace.make(services(sleeper("a")));
  const daemon = place.start();
  await daemon.untilReady();
  for (let i = 0; i < 30; i += 1) {
    const colour = { env: { COLOUR: String(i) } };
    await place.configure(services(sleeper("a", colour), ...(i % 2 === 0 ? [] : [sleeper("b")])));
    daemon.signal("SIGHUP");
  }
  expect((await place.run("reload")).status).toBe(0);
  const { units } = await daemon.until(
    (status) => status.ready && status.units.length === 2 && status.units.every(({ pid }) => pid),
  );
  const [a] = units;
  expect(await readFile(`/proc/${a?.pid}/environ`, "utf8")).toContain("COLOUR=29");
});

test("a program that is missing, a folder that is missing: each is named, and the rest runs", async () => {
  await using place = await Workplace.make(
    services(
      sleeper("good"),
      { name: "lost", command: ["/opt/nowhere/prog"] },
      { name: "homeless", command: ["sleep", "1"], directory: "/opt/nowhere" },
    ),
  );
  const daemon = place.start();
  await daemon.untilUnit("service@good", ({ ready }) => ready);
  const { units } = await daemon.until(
    (status) => status.units.filter(({ reasonCode }) => reasonCode === "breaker").length === 2,
  );
  const reasonOf = (name: string) => units.find((unit) => unit.name === name)?.reason;
  expect(reasonOf("service@lost")).toBe("could not be started: /opt/nowhere/prog: no such program");
  expect(reasonOf("service@homeless")).toContain("/opt/nowhere");
  expect((await fetch(`${place.webUrl}/readyz`)).status).toBe(503);
  expect((await fetch(`${place.webUrl}/livez`)).status).toBe(200);
});

test("probes decide when a service is ready, and what waits for it starts then", async () => {
  await using place = await Workplace.make({});
  const [gate, open] = [join(place.directory, "gate"), join(place.directory, "open")];
  execFileSync("mkfifo", [gate]);
  await place.configure(
    services(
      {
        name: "slow",
        command: ["sh", "-c", `read go < ${gate}; touch ${open}; exec sleep 100000`],
        readiness: { command: ["test", "-e", open], period: "50ms" },
      },
      sleeper("next", { after: ["service@slow"] }),
    ),
  );
  const daemon = place.start();
  const waiting = await daemon.untilUnit("service@next", ({ state }) => state === "waiting");
  expect(waiting.reason).toMatch(/^service@slow is/);
  await writeFile(gate, "go\n");
  await daemon.untilReady();
});

test("the log of a unit is where status says, and `logs` shows it", async () => {
  await using place = await Workplace.make({});
  const said = join(place.directory, "said");
  const command = ["sh", "-c", `echo hello from a; touch ${said}; exec sleep 100000`];
  // Started is not yet heard.
  const readiness = { command: ["test", "-e", said], period: "1s" };
  await place.configure(services(sleeper("a", { command, readiness })));
  const daemon = place.start();
  await daemon.untilReady();
  const { log } = await daemon.unit("service@a");
  expect(await readFile(log, "utf8")).toContain("hello from a");
  const shown = await place.run("logs", "service@a");
  expect(shown).toMatchObject({ status: 0 });
  expect(shown.stdout).toContain("hello from a");
});

test("children get what they are given and nothing of ours", async () => {
  const mark = randomUUID();
  await using place = await Workplace.make(
    services(sleeper("a", { env: { SAILS_TEST_MARK: mark } })),
  );
  const daemon = place.start({
    NOTIFY_SOCKET: "",
    SECRET_OF_THE_DAEMON: "x",
    PREFECT_API_KEY: "y",
  });
  await daemon.untilReady();
  const [pid = 0] = marked(mark);
  const environment = await readFile(`/proc/${pid}/environ`, "utf8");
  const names = environment.split("\0").map((entry) => entry.split("=")[0]);
  expect(names).toContain("SAILS_INVOCATION_ID");
  expect(names).not.toContain("SECRET_OF_THE_DAEMON");
  expect(names).not.toContain("PREFECT_API_KEY");
  expect(names).not.toContain("NOTIFY_SOCKET");
});
