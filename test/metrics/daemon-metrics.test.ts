import { expect, test } from "vitest";
import { Rig } from "./rig.ts";
import { parse } from "./scraped.ts";

async function told(rig: Rig): Promise<Readonly<Record<string, number>>> {
  const daemon = [...parse(await rig.metrics.render())].filter(
    ([series]) => !/_(unit|run|reconcile|reconciles|prefect_api|collector)_/.test(series),
  );
  return Object.fromEntries(daemon);
}

test("at first little is known, and what is counted is 0", async () => {
  expect(await told(new Rig())).toEqual({
    'sails_build_info{version="1.2.3",revision="abc",node_version="v24.0.0"}': 1,
    sails_ready: 1,
    sails_config_reloads_total: 0,
    sails_config_reload_failures_total: 0,
    sails_environment_syncs_total: 0,
    'sails_environment_sync_failures_total{reason="lock"}': 0,
    'sails_environment_sync_failures_total{reason="network"}': 0,
    'sails_environment_sync_failures_total{reason="build"}': 0,
    'sails_environment_sync_failures_total{reason="import"}': 0,
    'sails_environment_sync_failures_total{reason="space"}': 0,
    'sails_environment_sync_failures_total{reason="other"}': 0,
    'sails_log_messages_total{level="trace"}': 0,
    'sails_log_messages_total{level="debug"}': 0,
    'sails_log_messages_total{level="info"}': 0,
    'sails_log_messages_total{level="warn"}': 0,
    'sails_log_messages_total{level="error"}': 0,
    'sails_log_messages_total{level="fatal"}': 0,
  });
});

test("a reload that fails leaves the time of the last good load", async () => {
  const rig = new Rig();
  const { daemon } = rig.metrics;
  daemon.configLoaded(10);
  daemon.reloaded("succeeded", 20);
  daemon.reloaded("failed", 30);
  expect(await told(rig)).toMatchObject({
    sails_config_last_reload_successful: 0,
    sails_config_last_reload_success_timestamp_seconds: 20,
    sails_config_reloads_total: 2,
    sails_config_reload_failures_total: 1,
  });
  daemon.reloaded("succeeded", 40);
  expect(await told(rig)).toMatchObject({
    sails_config_last_reload_successful: 1,
    sails_config_last_reload_success_timestamp_seconds: 40,
  });
});

test("requests, messages and pings are counted as they come", async () => {
  const rig = new Rig();
  const { daemon } = rig.metrics;
  daemon.answered("/readyz", 200);
  daemon.answered("/readyz", 503);
  daemon.answered("/readyz", 503);
  daemon.logged("warn");
  daemon.watchdogPinged(12.5);
  expect(await told(rig)).toMatchObject({
    'sails_control_requests_total{route="/readyz",code="200"}': 1,
    'sails_control_requests_total{route="/readyz",code="503"}': 2,
    'sails_log_messages_total{level="warn"}': 1,
    sails_watchdog_last_ping_timestamp_seconds: 12.5,
  });
});
