import { expect, onTestFinished, test } from "vitest";
import { failureOf, PrefectWatch } from "../../src/daemon/prefect-watch.ts";
import { LatelyHeard } from "../../src/prefect/overview/lately-heard.ts";
import { Rig } from "../metrics/rig.ts";
import { parse } from "../metrics/scraped.ts";
import { loopbackServer, type Reply } from "../prefect/unit/loopback-server.ts";
import { VirtualClock } from "../support/virtual-clock.ts";

const pool = { name: "gpu", type: "process", is_paused: false, concurrency_limit: 2 };

const answers: Reply = ({ path }) => {
  if (path.endsWith("/work_pools/filter")) return [200, JSON.stringify([pool])];
  if (path.endsWith("/flow_runs/count")) return [200, "1"];
  if (path.endsWith("/admin/version")) return [200, '"3.8.8"'];
  return [200, "[]"];
};

/** What is counted is told to a promise for each kind: nothing else says that an answer has come. */
async function watching(reply: Reply) {
  const server = await loopbackServer(reply);
  onTestFinished(() => server[Symbol.asyncDispose]());
  const clock = new VirtualClock();
  const rig = new Rig();
  rig.runs = {
    pools: [{ name: "gpu", pausedFor: [], drainDeadline: undefined }],
    runs: [],
    dead: [],
  };
  const waiting = new Map<string, PromiseWithResolvers<void>>();
  const heard = (what: string): void => {
    waiting.get(what)?.resolve();
    waiting.delete(what);
  };
  const { prefect } = rig.metrics;
  const metrics = Object.assign(Object.create(prefect) as typeof prefect, {
    up: (...words: Parameters<typeof prefect.up>) => {
      prefect.up(...words);
      heard("probe");
    },
    collected: (...words: Parameters<typeof prefect.collected>) => {
      prefect.collected(...words);
      heard("collection");
    },
    probed: (...words: Parameters<typeof prefect.probed>) => prefect.probed(...words),
    asked: (...words: Parameters<typeof prefect.asked>) => prefect.asked(...words),
    finished: (...words: Parameters<typeof prefect.finished>) => prefect.finished(...words),
  });
  const watch = new PrefectWatch({ clock, wallClock: () => new Date(), metrics: () => metrics });
  onTestFinished(() => watch[Symbol.dispose]());
  const next = (what: "probe" | "collection"): Promise<void> => {
    const made = waiting.get(what) ?? Promise.withResolvers<void>();
    waiting.set(what, made);
    return made.promise;
  };
  const transport = { url: server.url, auth: undefined, requestTimeoutMs: 1_000 };
  const lately = new LatelyHeard(() => clock.now());
  const declared = [{ name: "gpu", workers: [{ unit: "worker@gpu", name: "host-gpu" }] }];
  const configure = () => watch.configure({ transport, lately, declared });
  const scrape = async () => {
    rig.collected = { prefect: watch.view, volumes: undefined };
    return parse(await rig.metrics.render());
  };
  return { server, clock, watch, next, configure, scrape };
}

test("while nobody reads the metrics, only whether it answers is asked", async () => {
  const { server, clock, next, configure, scrape } = await watching(answers);
  const first = next("probe");
  configure();
  await first;
  for (let probe = 0; probe < 3; probe += 1) {
    const probed = next("probe");
    await clock.advance(15_000);
    await probed;
  }
  expect(server.received.map(({ path }) => path)).toEqual(
    Array.from({ length: 4 }, () => "/api/work_pools/filter").toSpliced(1, 0, "/api/admin/version"),
  );
  const all = await scrape();
  expect(all.get("sails_prefect_up")).toBe(1);
  expect(all.get('sails_prefect_api_probes_total{probe="health"}')).toBe(4);
});

test("a scrape wakes the collector, which goes on for as long as it is scraped", async () => {
  const { server, clock, watch, next, configure, scrape } = await watching(answers);
  const first = next("probe");
  configure();
  await first;
  const collected = next("collection");
  expect(watch.late("gpu")).toBeUndefined();
  watch.isRead();
  await collected;
  expect(watch.late("gpu")).toBe(0);
  const all = await scrape();
  expect(all.get('sails_prefect_work_pool_info{pool="gpu",pool_type="process"}')).toBe(1);
  expect(all.get('sails_collector_success{collector="prefect"}')).toBe(1);
  expect(all.get('sails_prefect_api_requests_total{endpoint="version",code="2xx"}')).toBe(1);
  // The list of pools was read by the probe.
  expect(server.received.filter(({ path }) => path.endsWith("work_pools/filter"))).toHaveLength(1);
  const second = next("collection");
  await clock.advance(30_000);
  await second;
  await clock.advance(120_000);
  const before = server.received.filter(({ path }) => path.endsWith("/history")).length;
  await clock.advance(300_000);
  expect(server.received.filter(({ path }) => path.endsWith("/history"))).toHaveLength(before);
});

test("a server that answers with errors is down, and health is asked by itself", async () => {
  const { next, configure, scrape } = await watching(({ path }) =>
    path.endsWith("/health") ? [200, "true"] : [500, "{}"],
  );
  const first = next("probe");
  configure();
  await first;
  const all = await scrape();
  expect(all.get("sails_prefect_up")).toBe(0);
  expect(all.get("sails_prefect_database_up")).toBe(0);
  const failures = 'sails_prefect_api_probe_failures_total{probe="read",reason="status"}';
  expect(all.get(failures)).toBe(1);
  expect(all.get('sails_prefect_api_probe_failures_total{probe="health",reason="status"}')).toBe(0);
  expect(all.get('sails_prefect_api_probe_duration_seconds_count{probe="health"}')).toBe(1);
});

test("without a Prefect nothing is asked, and nothing is told", async () => {
  const { server, clock, watch, next, configure, scrape } = await watching(answers);
  const first = next("probe");
  configure();
  await first;
  watch.configure(undefined);
  await clock.advance(60_000);
  expect(server.received).toHaveLength(2);
  expect((await scrape()).has("sails_prefect_up")).toBe(false);
});

test.each([
  [{ kind: "ok", value: 1 }, undefined],
  [{ kind: "refused", status: 401, why: "" }, "auth"],
  [{ kind: "refused", status: 200, why: "not Prefect's" }, "body"],
  [{ kind: "refused", status: 503, why: "" }, "status"],
  [{ kind: "unreachable", why: "http://x did not answer within 5 s" }, "timeout"],
  [{ kind: "unreachable", why: "nothing listens at http://x" }, "refused"],
  [{ kind: "unreachable", why: "Prefect's server is away: it is stopped" }, "refused"],
  [{ kind: "unreachable", why: "https://x cannot be reached: CERT_HAS_EXPIRED" }, "tls"],
  [{ kind: "unreachable", why: "http://x cannot be reached: ECONNRESET" }, "other"],
] as const)("%j is counted as %s", (answer, reason) => {
  expect(failureOf(answer)).toBe(reason);
});
