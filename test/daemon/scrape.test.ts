/** A scrape is answered from memory, whatever Prefect does meanwhile. */
import { expect, test } from "vitest";
import { parse } from "../metrics/scraped.ts";
import { loopbackServer } from "../prefect/unit/loopback-server.ts";
import { Workplace } from "../support/daemon-process.ts";
import { askUntil } from "../support/prefect-server.ts";

test("a Prefect that hangs delays no scrape", async () => {
  await using prefect = await loopbackServer(() => "silence");
  await using place = await Workplace.make({
    server: { enabled: false },
    prefect: { api_url: prefect.url },
    services: [{ name: "sleeper", command: ["sleep", "100000"] }],
  });
  const daemon = place.start();
  await daemon.listens();
  const scrape = async () => parse(await (await fetch(`${place.webUrl}/metrics`)).text());
  await scrape();
  // Questions are under way, and none of them is ever answered.
  await askUntil(
    async () => prefect.open(),
    (open) => open > 0,
  );
  const scraped = await scrape();
  expect(prefect.open()).toBeGreaterThan(0);
  expect(scraped.get('sails_unit_up{unit="service@sleeper",pool=""}')).toBe(1);
  expect(
    [...scraped.keys()].filter((series) => /prefect_(work_pool|flow_runs)/.test(series)),
  ).toEqual([]);
});
