import { expect, test } from "vitest";
import type { CheckConfig } from "../../src/config/config.ts";
import { checksOf } from "../../src/daemon/check-keeper.ts";
import { ms } from "../../src/supervision/time.ts";
import { configOf, pool } from "../prefect/unit/given.ts";

const check = (name: string): CheckConfig => ({
  name,
  target: { kind: "mount", path: "/m" },
  every: ms(1),
  timeout: ms(1),
  failureThreshold: 1,
  successThreshold: 1,
});

const elsewhere = { server: { enabled: false } };

test.each([
  ["a server", {}, ["prefect-home"]],
  ["a server and a check", { checks: [check("arc")] }, ["arc", "prefect-home"]],
  // Results of flows lie there, whoever's the server is; and a pool may require it.
  ["a server elsewhere, and workers", { ...elsewhere, pools: [pool("runs")] }, ["prefect-home"]],
  ["no process of Prefect's", elsewhere, []],
  ["one that takes its place", { checks: [check("prefect-home")] }, ["prefect-home"]],
] as const)("with %s", (_, config, names) => {
  const all = checksOf(configOf(config), async () => undefined);
  expect(all.map(({ name }) => name)).toEqual(names);
});
