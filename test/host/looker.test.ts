import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, rmdirSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { judge } from "../../src/checks/judge.ts";
import type { Question } from "../../src/checks/ports.ts";
import type { Target } from "../../src/checks/target.ts";
import { HostLooker } from "../../src/host/looker.ts";
import { findProcesses } from "../../src/host/processes.ts";
import { minutes } from "../../src/supervision/time.ts";
import { HungMount, whyNoMounts } from "../support/hung-mount.ts";
import { patience, TemporaryFolder } from "./real-launcher.ts";

const supervisorId = `test-${process.pid}`;

const looker = (): HostLooker =>
  new HostLooker({
    program: resolve("libexec/look-at"),
    env: { PATH: process.env["PATH"] ?? "" },
    supervisorId,
  });

/** What a look at it brings, as it is judged. */
async function found(question: Question, target: Target): Promise<string> {
  const looked = await looker().run({ check: "a", question }).ended;
  const { kind, why } = judge(target, looked, { now: new Date(), mark: undefined });
  return `${kind}: ${why}`;
}

const at = (kind: "mount" | "file", path: string) =>
  found({ kind, path }, { kind, path, maxAge: minutes(60) });

test("a mount is one, and a folder is none", async () => {
  using folder = new TemporaryFolder();
  expect(await at("mount", "/proc")).toMatch(/^ok: proc of .* is mounted at \/proc and answers$/);
  expect(await at("mount", folder.path)).toBe(
    `fail: nothing is mounted at ${folder.path}: it is a plain folder`,
  );
  expect(await at("mount", join(folder.path, "none"))).toBe(
    `fail: ${folder.path}/none does not exist`,
  );
});

test("a file has an age, whatever it is called", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "-n $(touch x) 'ä'");
  writeFileSync(file, "");
  expect(await at("file", file)).toMatch(/^ok: .* was changed .* ago$/);
  utimesSync(file, 0, Date.now() / 1000 - 7_200);
  expect(await at("file", file)).toMatch(/^fail: .* 2 h ago, which is longer than 1 h/);
  expect(await at("file", join(folder.path, "none"))).toMatch(/^fail: .*none does not exist$/);
});

test("a volume has room", async () => {
  const space = (min: number) =>
    found({ kind: "space", path: "/" }, { kind: "free-space", path: "/", min, warn: min });
  expect(await space(1)).toMatch(/^ok: .* free on the volume of \/$/);
  expect(await space(1e18)).toMatch(/^fail: only .* less than/);
});

test("a certificate is read, and not the key beside it", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "both.pem");
  const words = `req -x509 -newkey rsa:2048 -nodes -subj /CN=x -days 9 -keyout ${file} -out ${file}`;
  execFileSync("openssl", words.split(" "), { stdio: "ignore" });
  const looked = await looker().run({ check: "a", question: { kind: "certificate", path: file } })
    .ended;
  expect(looked).toMatchObject({ status: 0, output: expect.stringMatching(/^-----BEGIN CERT/) });
  expect(JSON.stringify(looked)).not.toContain("PRIVATE");
});

const command = (...words: readonly string[]) =>
  found({ kind: "command", command: words }, { kind: "command", command: words });

test("a command tells by its status and its last line", async () => {
  expect(await command("sh", "-c", "echo first; echo fine")).toBe("ok: fine");
  expect(await command("sh", "-c", "echo no; exit 3")).toBe("fail: sh ended with status 3: no");
  expect(await command("/no/such/program")).toMatch(/^fail: the command cannot be started/);
});

test("one that prints without end costs nothing but itself", async () => {
  const before = process.memoryUsage.rss();
  expect(await command("sh", "-c", "yes & yes")).toBe(
    "fail: sh printed more than 1 MiB, and was ended for it",
  );
  expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  await vi.waitUntil(() => ours().length === 0, patience);
});

test("what a command leaves running ends with it, and is not waited for", async () => {
  expect(await command("sh", "-c", "sleep 1000 & echo done")).toBe("ok: done");
  await vi.waitUntil(() => ours().length === 0, patience);
});

test("what takes a group of its own ends with it, too", async () => {
  expect(await command("sh", "-c", "timeout 1000 sleep 1000 & echo done")).toBe("ok: done");
  expect(ours()).toEqual([]);
});

const ours = () =>
  findProcesses(({ variables }) => variables.get("SAILS_CHECK")?.startsWith(supervisorId) === true);

test("what waits for ever is ended when it is told to", async () => {
  using folder = new TemporaryFolder();
  const fifo = join(folder.path, "fifo");
  execFileSync("mkfifo", [fifo]);
  const look = looker().run({ check: "a", question: { kind: "certificate", path: fifo } });
  await vi.waitUntil(() => ours().length > 0, patience);
  look.kill();
  expect(await look.ended).toMatchObject({ kind: "ended", signal: "SIGKILL" });
  await vi.waitUntil(() => ours().length === 0, patience);
});

test("a mount that hangs holds its look, killed or not, and no other; the next daemon knows it", async (ctx) => {
  const why = whyNoMounts();
  if (why !== undefined) ctx.skip(why);
  const mount = await HungMount.make();
  const target = { kind: "mount", path: mount.path } as const;
  expect(await found(target, target)).toBe(
    `ok: fuse.hung of far is mounted at ${mount.path} and answers`,
  );
  await mount.hang();
  const look = looker().run({ check: "far", question: target });
  let hasEnded = false;
  void look.ended.then(() => (hasEnded = true));
  await mount.asked();
  look.kill();
  // The shell goes at once; the program that it has started is what hangs.
  await vi.waitUntil(() => ours().every(({ isSessionLeader }) => !isSessionLeader), patience);
  expect(await command("echo", "others go on")).toBe("ok: others go on");
  expect(hasEnded).toBe(false);

  const next = looker().leftBehind();
  expect([...next.keys()]).toEqual(["far"]);
  expect(next.get("far")?.isThere()).toBe(true);

  await mount.goAway();
  expect(await look.ended).toMatchObject({ kind: "ended" });
  expect(next.get("far")?.isThere()).toBe(false);
  expect(await found(target, target)).toBe(
    `fail: nothing is mounted at ${mount.path}: it is a plain folder`,
  );
});

const freezer = "/sys/fs/cgroup/freezer";

test("what cannot be ended is known to the next daemon, until it has gone", async (ctx) => {
  if (!existsSync(freezer))
    ctx.skip("there is no cgroup freezer of version 1, which SIGKILL waits for");
  const cgroup = join(freezer, `sails-${process.pid}`);
  mkdirSync(cgroup);
  const thaw = (): void => writeFileSync(join(cgroup, "freezer.state"), "THAWED");
  onTestFinished(async () => {
    thaw();
    await vi.waitUntil(() => ours().length === 0, patience);
    rmdirSync(cgroup);
  });
  const look = looker().run({
    check: "arc",
    question: { kind: "command", command: ["sleep", "1000"] },
  });
  await vi.waitUntil(() => ours().length > 0, patience);
  for (const { pid } of ours()) writeFileSync(join(cgroup, "cgroup.procs"), String(pid));
  writeFileSync(join(cgroup, "freezer.state"), "FROZEN");
  look.kill();
  const left = looker().leftBehind();
  expect([...left.keys()]).toEqual(["arc"]);
  expect(left.get("arc")?.isThere()).toBe(true);
  thaw();
  expect(await look.ended).toMatchObject({ signal: "SIGKILL" });
  await vi.waitUntil(() => left.get("arc")?.isThere() === false, patience);
});

test("an address answers with a status, or not", async () => {
  const server = createServer((_, response) => response.writeHead(503).end("x".repeat(1e6)));
  server.listen(0, "127.0.0.1");
  onTestFinished(() => void server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/`;
  expect(await looker().get(url).ended).toEqual({ kind: "answered", status: 503 });
  server.close();
  server.closeAllConnections();
  expect(await looker().get(url).ended).toEqual({ kind: "refused", why: "nothing listens there" });
});
