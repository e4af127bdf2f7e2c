import { expect, test } from "vitest";
import { Rig } from "./rig.ts";

const info = (prefect: string) => ({
  lock_hash: "0c8b62856929",
  python_version: "3.11.2",
  prefect_version: prefect,
});

test("another environment takes the place of the one before", async () => {
  const rig = new Rig();
  rig.environment = {
    current: info("3.6.4"),
    isInSync: false,
    lastSync: undefined,
    uses: ["current"],
  };
  await rig.metrics.render();
  rig.environment = {
    current: info("3.8.8"),
    isInSync: true,
    lastSync: 1_800_000_000,
    uses: ["current", "running", "spare"],
  };
  const text = await rig.metrics.render();
  expect(text).toContain('prefect_version="3.8.8"} 1');
  expect(text).not.toContain("3.6.4");
  expect(text).toContain("sails_environment_in_sync 1\n");
  expect(text).toContain("sails_environment_last_sync_timestamp_seconds 1800000000\n");
  for (const use of ["current", "running", "spare"]) {
    expect(text).toContain(`sails_environments{use="${use}"} 1\n`);
  }
});

test("attempts are counted, and their failures by reason", async () => {
  const rig = new Rig();
  rig.metrics.environment.attempted(undefined);
  rig.metrics.environment.attempted("space");
  rig.metrics.environment.took(12.5);
  const text = await rig.metrics.render();
  expect(text).toContain("sails_environment_syncs_total 2\n");
  expect(text).toContain('sails_environment_sync_failures_total{reason="space"} 1\n');
  expect(text).toContain('sails_environment_sync_failures_total{reason="lock"} 0\n');
  expect(text).toContain("sails_environment_sync_duration_seconds 12.5\n");
});
