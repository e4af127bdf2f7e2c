import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { findProcesses } from "../../src/host/processes.ts";
import { Workplace } from "../support/daemon-process.ts";
import { HungMount, whyNoMounts } from "../support/hung-mount.ts";

const base = {
  server: { enabled: false },
  services: [{ name: "a", command: ["sleep", "100000"] }],
};

const checkOf =
  (name: string) => (status: { checks: readonly { name: string; state: string }[] }) =>
    status.checks.find((one) => one.name === name);

test("one that does not answer delays neither the others nor the end", async () => {
  await using place = await Workplace.make(base);
  const fifo = join(place.directory, "fifo");
  execFileSync("mkfifo", [fifo]);
  const file = join(place.directory, "file");
  const quick = { every: "1s", timeout: "2s" };
  await place.configure({
    ...base,
    checks: [
      { name: "waits", certificate: fifo, ...quick, timeout: "10m" },
      { name: "file", file, ...quick },
    ],
  });
  const daemon = place.start();
  await daemon.until((status) => checkOf("file")(status)?.state === "fail");
  writeFileSync(file, "");
  await daemon.until((status) => checkOf("file")(status)?.state === "ok");
  expect(checkOf("waits")(await daemon.status())).toMatchObject({
    state: "unknown",
    reason: "not looked at yet",
    next: "is being looked at",
  });
  expect(await daemon.end("SIGTERM")).toBe(0);
});

/** Processes of looks at it, whoever has started them. */
const looksAt = (name: string) =>
  findProcesses(({ variables }) => variables.get("SAILS_CHECK")?.endsWith(` ${name}`) === true);

test("a mount that hangs is asked once, and delays neither the others, nor the end, nor the next daemon", async (ctx) => {
  const why = whyNoMounts();
  if (why !== undefined) ctx.skip(why);
  const mount = await HungMount.make();
  await using place = await Workplace.make(base);
  const name = `far-${process.pid}`;
  const file = join(place.directory, "file");
  const quick = { every: "1s", timeout: "1s", failure_threshold: 1, success_threshold: 1 };
  await place.configure({
    ...base,
    checks: [
      { name, mount: mount.path, ...quick },
      { name: "file", file, ...quick },
    ],
  });
  const daemon = place.start();
  await daemon.until((status) => checkOf(name)(status)?.state === "ok");

  await mount.hang();
  const status = await daemon.until((now) => checkOf(name)(now)?.state === "hangs");
  expect(status.problems.map(({ what }) => what)).toContainEqual(
    expect.stringMatching(/^check far-\d+: mount .* hangs: a look that began .* ago has no answer/),
  );
  // Three turns of a second at least, in which the other one is looked at and this one is not.
  for (const state of ["ok", "fail", "ok"]) {
    if (state === "ok") writeFileSync(file, "");
    else rmSync(file);
    await daemon.until((now) => checkOf("file")(now)?.state === state);
  }
  expect(looksAt(name)).toHaveLength(1);
  expect(await daemon.end("SIGTERM")).toBe(0);

  const next = place.start();
  await next.until((now) => checkOf(name)(now)?.state === "hangs");
  await next.until((now) => checkOf("file")(now)?.state === "ok");
  expect(looksAt(name)).toHaveLength(1);
  await mount.goAway();
  await next.until((now) => checkOf(name)(now)?.state === "fail");
  expect(await next.end("SIGTERM")).toBe(0);
});

test("what fails is a problem, with its cure, in the status, the log and the metrics", async () => {
  await using place = await Workplace.make({
    ...base,
    checks: [{ name: "arc", mount: "/usr", every: "1s" }],
  });
  const daemon = place.start();
  const status = await daemon.until((now) => checkOf("arc")(now)?.state === "fail");
  expect(status.problems).toEqual([
    {
      id: "check:arc",
      what: "check arc fails: nothing is mounted at /usr: it is a plain folder",
      cure: "Mount it again; `findmnt --target /usr` shows what is there now",
    },
  ]);
  await daemon.says("ERROR  check arc fails: nothing is mounted at /usr");
  const shown = await place.run("status");
  expect(shown.stdout).toMatch(/CHECK +STATE +SINCE\narc +fail /);
  const metrics = await (await fetch(`${place.webUrl}/metrics`)).text();
  expect(metrics).toContain('sails_check_state{check="arc",state="failed"} 1');
  expect(await (await fetch(place.webUrl)).text()).toContain("nothing is mounted at /usr");
});

test("a reload takes checks in and out; a check that is not one is a fault with its place", async () => {
  await using place = await Workplace.make(base);
  const daemon = place.start();
  await daemon.untilReady();
  await place.configure({ ...base, checks: [{ name: "x", mount: "/proc" }] });
  expect((await place.run("reload")).status).toBe(0);
  await daemon.until((status) => checkOf("x")(status)?.state === "ok");
  await place.configure({ ...base, checks: [{ name: "x", mount: "/proc", file: "/f" }] });
  const refused = await place.run("reload");
  expect(refused.status).not.toBe(0);
  expect(refused.stderr + refused.stdout).toContain("checks[0]");
  await place.configure(base);
  expect((await place.run("reload")).status).toBe(0);
  expect((await daemon.status()).checks).toEqual([]);
});
