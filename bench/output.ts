/**
 * `npm run bench:output`: what 500,000 lines of one child cost its supervisor, in CPU, memory and
 * disk, beside supervisord, in turns. Into files, for supervisord knows no journal.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { load } from "./machine.ts";
import { ours } from "./peers/ours.ts";
import type { Peer } from "./peers/peer.ts";
import { supervisord } from "./peers/supervisord.ts";
import { hasGone, ownProcesses } from "./processes.ts";
import { progress } from "./progress.ts";
import { median } from "./statistics.ts";
import { table } from "./table.ts";
import { account, spent } from "./usage.ts";

const lines = 500_000;
const rounds = 3;
const limitMs = 120_000;
/** In which what was printed last is read, and set aside where it is too much. */
const settlingMs = 5_000;
const lookEveryMs = 20;

interface Cost {
  readonly cpuMs: number;
  readonly peakMiB: number;
  readonly diskMiB: number;
  readonly tookMs: number;
}

/** Prints when it is told to, as fast as it can, in writes of a hundred lines. */
const unitScript = (folder: string): string => `#!/usr/bin/env python3
import os, time
open("${folder}/born", "w").write(str(os.getpid()))
while not os.path.exists("${folder}/begin"):
    time.sleep(0.01)
for block in range(0, ${lines}, 100):
    text = "".join(f"{line:099}\\n" for line in range(block, block + 100)).encode()
    while text:
        text = text[os.write(1, text):]
open("${folder}/done", "w").close()
time.sleep(100000)
`;

async function measure(peer: Peer, signal: AbortSignal): Promise<Cost> {
  const folder = await mkdtemp(join(tmpdir(), "sails-bench-"));
  await using stack = new AsyncDisposableStack();
  stack.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const script = join(folder, "unit");
  const own = join(folder, "peer");
  await mkdir(own);
  await writeFile(script, unitScript(folder), { mode: 0o755 });
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: own, LANG: "C.UTF-8" };
  const units = [{ name: "talker", script }];
  const ground = { folder: own, units, env, mark: {}, log: join(folder, "log"), signal };
  await peer.prepare(ground);
  const { pid: root, stop } = await peer.launch(ground);
  await made(join(folder, "born"), signal);
  await sleep(settlingMs, undefined, { signal });
  const unit = Number(readFileSync(join(folder, "born"), "utf8"));
  const all = ownProcesses(root, new Set([unit]));
  const before = account(all);
  const begin = performance.now();
  await writeFile(join(folder, "begin"), "");
  await made(join(folder, "done"), signal);
  const tookMs = performance.now() - begin;
  await sleep(settlingMs, undefined, { signal });
  const { cpuMs } = spent(before, account(all));
  const cost = {
    cpuMs,
    peakMiB: Math.max(...all.map(peakOf)),
    diskMiB: await sizeOf(own),
    tookMs,
  };
  await stop();
  const deadline = AbortSignal.timeout(limitMs);
  while (!hasGone(root)) await sleep(lookEveryMs, undefined, { signal: deadline });
  return cost;
}

async function made(path: string, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(limitMs)]);
  while (!existsSync(path)) await sleep(lookEveryMs, undefined, { signal: limit });
}

const peakOf = (pid: number): number =>
  Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / 1024 / 1024;
}

const interruption = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => interruption.abort(new Error(name)));
}
const { signal } = interruption;
execFileSync("python3", ["--version"]);
const peers = [await ours(signal), await supervisord(signal)];
const costs = new Map(peers.map((peer): [Peer, Cost[]] => [peer, []]));
for (let round = 0; round < rounds; round += 1) {
  for (const [peer, found] of costs) {
    progress(`${peer.name}, ${round + 1} of ${rounds}`);
    found.push(await measure(peer, signal));
  }
}
const middle = (peer: Peer, figure: keyof Cost): number =>
  median((costs.get(peer) ?? []).map((cost) => cost[figure]));
const rows = peers.map((peer) => [
  `${peer.name} ${peer.version}`,
  `${middle(peer, "cpuMs").toFixed(0)} ms`,
  `${middle(peer, "peakMiB").toFixed(0)} MiB`,
  `${middle(peer, "diskMiB").toFixed(0)} MiB`,
  `${middle(peer, "tookMs").toFixed(0)} ms`,
]);
const titles = ["supervisor", "its CPU", "its peak memory", "on disk", "the child took"];
const text = `# ${lines} lines of 100 bytes from one child, medians of ${rounds}, load ${load().toFixed(1)}`;
process.stdout.write(`${text}\n\n${table(titles, rows)}\n`);
