/**
 * `npm run bench:scrape`: how long a scrape takes with twenty units that run, beside the daemon's
 * shortest answer on the same connection; with a Prefect that answers nobody, for a hanging server
 * must cost the scrape nothing.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, get, type IncomingMessage } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { findFreePort } from "../src/host/free-port.ts";
import { describeMachine, load } from "./machine.ts";
import { median, percentile } from "./statistics.ts";
import { ratio, table } from "./table.ts";

const unitCount = 20;
const scrapes = 500;
const mostMs = 10;

interface Answered {
  readonly bytes: number;
  readonly ms: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function ask(url: string): Promise<Answered> {
  const began = performance.now();
  const { promise, resolve: answered, reject } = Promise.withResolvers<IncomingMessage>();
  get(url, { agent }, answered).once("error", reject);
  const { length } = await buffer(await promise);
  return { bytes: length, ms: performance.now() - began };
}

/** As a Prometheus does it: at times that have nothing to do with those of the daemon. */
async function series(url: string): Promise<readonly Answered[]> {
  const all: Answered[] = [];
  for (let count = 0; count < scrapes; count += 1) {
    all.push(await ask(url));
    await sleep(20 + (count % 7));
  }
  return all;
}

async function listens(url: string): Promise<void> {
  for (;;) {
    try {
      await ask(`${url}/livez`);
      return;
    } catch {
      await sleep(20);
    }
  }
}

async function main(): Promise<boolean> {
  const directory = await mkdtemp(join(tmpdir(), "sails-scrape-"));
  const port = await findFreePort();
  const url = `http://127.0.0.1:${port}`;
  const silent = createServer(() => undefined);
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const address = silent.address();
  const silentPort = typeof address === "object" ? address?.port : undefined;
  const file = join(directory, "config.yaml");
  const services = Array.from({ length: unitCount }, (_, index) => ({
    name: `sleeper-${index}`,
    command: ["sleep", "100000"],
  }));
  await writeFile(
    file,
    stringify({
      state_dir: join(directory, "state"),
      server: { enabled: false },
      prefect: { api_url: `http://127.0.0.1:${silentPort}/api` },
      web: { listen: `127.0.0.1:${port}` },
      services,
    }),
  );
  const before = load();
  const program = resolve("bin/sails-supervisor");
  const daemon = spawn(program, ["run", "--config", file], { stdio: "ignore" });
  try {
    await listens(url);
    await sleep(3_000);
    const shortest = (await series(`${url}/livez`)).map(({ ms }) => ms);
    const all = await series(`${url}/metrics`);
    const took = all.map(({ ms }) => ms);
    const p99 = percentile(took, 99);
    const { cores, model, kernel } = describeMachine();
    const lines = [
      `# A scrape with ${unitCount} units and a Prefect that answers nobody`,
      `${cores} cores (${model}), Linux ${kernel}; load ${before.toFixed(1)} before. ${scrapes} of each.`,
      table(
        ["what", "median ms", "p99 ms", "bytes", "÷ /livez"],
        [
          ["/livez", median(shortest), percentile(shortest, 99), "", "×1"],
          [
            "/metrics",
            median(took),
            p99,
            all.at(-1)?.bytes ?? 0,
            ratio(median(took), median(shortest)),
          ],
        ],
      ),
      `p99 of at most ${mostMs} ms: ${p99 <= mostMs ? "kept" : "missed"}`,
      "",
    ];
    process.stdout.write(lines.join("\n\n"));
    return p99 <= mostMs;
  } finally {
    daemon.kill("SIGTERM");
    await once(daemon, "exit");
    silent.close();
    agent.destroy();
    await rm(directory, { recursive: true, force: true });
  }
}

process.exit((await main()) ? 0 : 1);
