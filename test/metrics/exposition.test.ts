import { execFile } from "node:child_process";
import { setImmediate as turn } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { processMetrics } from "../../src/metrics/process-metrics.ts";
import { families } from "../../src/metrics/series.ts";
import { seconds } from "../../src/supervision/time.ts";
import { toolOf } from "../support/debian-tools.ts";
import { unitSpec } from "../support/unit-specs.ts";
import { everythingCollected } from "./collected.ts";
import { Rig, sample } from "./rig.ts";
import { parse } from "./scraped.ts";

const generation = 0;

/** Something of everything: one unit that runs, one that waits for its next start. */
function busyRig(): Rig {
  const rig = new Rig(processMetrics());
  const { daemon } = rig.metrics;
  rig.declare([unitSpec("runs"), unitSpec("crashed")]);
  rig.samples.set(100, sample);
  rig.send("runs", { kind: "start-requested" });
  rig.send("runs", { kind: "became-ready", generation });
  rig.send("crashed", { kind: "start-requested" });
  rig.send("crashed", {
    kind: "ended",
    generation,
    exit: { kind: "exited", code: 1 },
    cause: { kind: "crash", summary: "exited with status 1" },
  });
  rig.jobs = {
    jobs: [{ name: "backup", isRunning: true, lastDuration: 1, lastSuccess: 1, next: 1 }],
    backups: { count: 1, newest: { bytes: 1, takenAt: 1 } },
  };
  rig.environment = {
    current: { lock_hash: "0c8b62856929", python_version: "3.11.2", prefect_version: "3.8.8" },
    isInSync: true,
    lastSync: 1,
    uses: ["current", "spare"],
  };
  rig.metrics.environment.took(1);
  rig.runs = {
    pools: [{ name: "gpu", pausedFor: ["drain"], drainDeadline: new Date() }],
    runs: [
      {
        key: "run.1",
        pool: "gpu",
        attachment: "attached",
        startedAt: new Date(),
        usage: { userSeconds: 1, systemSeconds: 1, residentBytes: 1 },
      },
    ],
    dead: [{ pool: "gpu", since: seconds(1) }],
  };
  rig.collected = everythingCollected;
  rig.metrics.prefect.up(true, true);
  rig.metrics.prefect.probed({ probe: "read", failure: undefined, seconds: 0.01, at: 1 });
  rig.metrics.prefect.collected({
    collector: "prefect",
    failure: undefined,
    seconds: 0.1,
    at: 1,
    dropped: 0,
  });
  rig.metrics.checks.declare(["arc"]);
  rig.metrics.checks.looked({ check: "arc", failure: undefined, seconds: 0.01, at: 1_700_000_000 });
  daemon.configLoaded(1_700_000_000);
  daemon.answered("/livez", 200);
  daemon.watchdogPinged(1_700_000_001);
  daemon.adopted(0.25);
  rig.metrics.reconcile.rounded({ seconds: 1, at: 1_700_000_002, pending: [], withheld: [] });
  rig.now = seconds(10);
  return rig;
}

describe("a scrape", () => {
  let text = "";
  beforeAll(async () => {
    text = await busyRig().metrics.render();
  });

  test("shows every family of the catalogue", () => {
    const shown = [...parse(text).keys()].map((series) => series.replace(/\{.*/, ""));
    const missing = families
      .map(([name, { type }]) => (type === "histogram" ? `${name}_count` : name))
      .filter((name) => !shown.includes(name));
    expect(missing).toEqual([]);
  });

  test("shows no family of ours that the catalogue has not", () => {
    const typed = [...text.matchAll(/^# TYPE (sails_\w+)/gm)].map(([, name]) => name);
    expect(typed).toEqual(families.map(([name]) => name));
  });

  test("shows the process too", () => {
    const shown = [...parse(text).keys()];
    expect(shown).toContain("process_start_time_seconds");
    expect(shown).toContain("process_open_fds");
    expect(shown).toContain("process_max_fds");
    expect(shown).toContain("process_resident_memory_bytes");
    expect(shown).toContain("nodejs_eventloop_lag_p99_seconds");
  });

  test("is what promtool accepts", async (ctx) => {
    const promtool = await toolOf("promtool", ctx);
    const { promise, resolve } = Promise.withResolvers<string>();
    const child = execFile(promtool, ["check", "metrics"], (error, stdout, stderr) =>
      resolve(`${error === null ? "accepted" : "refused"}${stdout}${stderr}`),
    );
    child.stdin?.end(text);
    expect(await promise).toBe("accepted");
  });
});

test("scrapes at the same time get the same answer", async () => {
  const rig = new Rig();
  const [one, other] = [rig.metrics.render(), rig.metrics.render()];
  expect(other).toBe(one);
  await one;
  expect(rig.metrics.render()).not.toBe(one);
});

test("a scrape of a thousand units lets others have their turn", async () => {
  const rig = new Rig();
  rig.declare(Array.from({ length: 1_000 }, (_, index) => unitSpec(`unit-${index}`)));
  const text = rig.metrics.render();
  let turns = 0;
  const count = setInterval(() => (turns += 1), 0);
  await text.finally(() => clearInterval(count));
  expect((await text).length).toBeGreaterThan(3_000_000);
  expect(turns).toBeGreaterThan(10);
});

test("the time that the event loop was held up is seen", async () => {
  const rig = new Rig(processMetrics());
  await turn();
  await turn();
  const end = performance.now() + 200;
  while (performance.now() < end);
  await turn();
  await turn();
  const max = parse(await rig.metrics.render()).get("nodejs_eventloop_lag_max_seconds");
  expect(max).toBeGreaterThan(0.19);
});
