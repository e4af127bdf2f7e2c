/** The page as a person sees it, in a real browser. */
import axe from "axe-core";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { beforeAll, describe, expect, type TestContext, test } from "vitest";
import type { Status } from "../../src/control/status.ts";
import { openBrowser } from "../support/browser.ts";
import {
  crashed,
  environment,
  FakePlane,
  flowRun,
  pool,
  statusOf,
  unit,
} from "./support/fake-plane.ts";
import { webOf } from "./support/servers.ts";

let browser: Browser | undefined;

beforeAll(() => () => browser?.close());

async function openPage(
  ctx: Pick<TestContext, "skip">,
  url: string,
  options: BrowserContextOptions = {},
): Promise<Page> {
  browser ??= await openBrowser(ctx);
  const context = await browser.newContext(options);
  const page = await context.newPage();
  await page.goto(url);
  return page;
}

// As text: what runs in the page is not compiled here, and has other names for what it imports.
const look = 'document.dispatchEvent(new Event("visibilitychange"))';
const focused = "document.activeElement.textContent";

const server = unit("server");
const well = statusOf([server, unit("worker@vm-runs")], { pools: [pool("vm-runs")] });
const ago = (minutes: number): string => new Date(Date.now() - minutes * 60_000).toISOString();

/** One of everything that is not well. */
const broken = statusOf([server, crashed("worker@vm-runs"), crashed("worker@headless-runs")], {
  pools: [
    pool("vm-runs", { intake: "paused", why: "closed: check arc fails", runs: 1 }),
    pool("headless-runs", { intake: "draining", why: "closed by a drain", drainDeadline: ago(-5) }),
    pool("others", { detached: false }),
  ],
  checks: (["ok", "warn", "fail", "hangs", "unknown"] as const).map((state) => ({
    name: `check-${state}`,
    what: "mount /home/ubuntu/arc",
    state,
    since: ago(33),
    reason: "nothing is mounted at /home/ubuntu/arc",
    next: "looked at again in 5 s",
    pools: ["vm-runs"],
  })),
  jobs: [
    {
      name: "backup",
      cron: "17 3 * * *",
      timezone: "UTC",
      running: null,
      last: {
        result: "failed",
        startedAt: ago(500),
        tookMs: 1200,
        reason: "space",
        message: "there is no space left on /mnt/pspace/backups",
        cure: "Make room",
      },
      lastSuccess: null,
      next: ago(-60),
    },
  ],
  environment: environment({ state: "failed", reason: "uv.lock does not match pyproject.toml" }),
  problems: [{ id: "check arc", what: "check arc fails: nothing is mounted", cure: "Mount it" }],
  events: (["info", "notice", "warn", "error"] as const).map((level, i) => ({
    at: ago(i),
    level,
    text: `worker@vm-runs: said at level ${level}`,
  })),
});

async function webWith(status: Status) {
  const plane = new FakePlane(status);
  plane.flowRuns = [flowRun("merry-otter"), flowRun("stoic-quokka", { attachment: "orphaned" })];
  return { plane, url: await webOf(plane) };
}

test("what is wrong comes first, in words", async (ctx) => {
  const page = await openPage(ctx, (await webWith(broken)).url);
  expect(await page.getByRole("status").first().textContent()).toBe(
    "Not ready: worker@vm-runs is in backoff; worker@headless-runs is in backoff",
  );
  const concerns = page.getByRole("region", { name: "What is wrong" }).getByRole("listitem");
  expect(await concerns.allInnerTexts()).toEqual([
    "worker@vm-runs is in backoff: exited with status 1 after 2 s: ModuleNotFoundError: No module named 'astropy'\nNext: start 4 in 12 s",
    "worker@headless-runs is in backoff: exited with status 1 after 2 s: ModuleNotFoundError: No module named 'astropy'\nNext: start 4 in 12 s",
    "Check arc fails: nothing is mounted\nWhat to do: Mount it",
  ]);
  expect(await page.title()).toMatch(/^Not ready: worker@vm-runs is in backoff/);
});

test("every table has a name by which a screen reader finds it", async (ctx) => {
  const page = await openPage(ctx, (await webWith(broken)).url);
  const names = [
    "Units",
    "Pools",
    "Flow runs",
    "Checks",
    "Jobs",
    "Python environment",
    "Last events",
  ];
  for (const name of names) expect(await page.getByRole("table", { name }).count()).toBe(1);
  expect(await page.getByRole("table").count()).toBe(names.length);
});

test("it follows what happens without being loaded again", async (ctx) => {
  const { plane, url } = await webWith(well);
  const page = await openPage(ctx, url);
  const verdict = page.getByRole("status").first();
  expect(await verdict.textContent()).toBe("Ready: 2 units");
  // It listens when it has asked for events.
  await expect.poll(() => plane.listeners.size).toBe(1);
  plane.now = broken;
  const event = { at: ago(0), unit: "worker@vm-runs", from: "running", to: "backoff", reason: "" };
  for (const listener of plane.listeners) listener(event);
  await page.getByText("Not ready:").waitFor();
  await page.getByRole("row", { name: /^worker@headless-runs/ }).waitFor();
});

test("without JavaScript it is all there", async (ctx) => {
  const page = await openPage(ctx, (await webWith(broken)).url, { javaScriptEnabled: false });
  expect(await page.getByRole("row").count()).toBeGreaterThan(20);
  expect(await page.getByRole("status").first().textContent()).toMatch(/^Not ready/);
});

test("when the daemon is away it says so, and goes on when it is back", async (ctx) => {
  const { url } = await webWith(well);
  const page = await openPage(ctx, url);
  await page.route("**/*", (route) => route.abort());
  await page.evaluate(look);
  await page.getByText("The supervisor does not answer").waitFor();
  await page.unroute("**/*");
  await page.evaluate(look);
  await expect.poll(() => page.locator("#link").textContent()).toBe("");
});

test("a keyboard reaches each link", async (ctx) => {
  const page = await openPage(ctx, (await webWith(broken)).url);
  const reached: unknown[] = [];
  for (let i = 0; i < 10; i += 1) {
    await page.keyboard.press("Tab");
    reached.push(await page.evaluate(focused));
  }
  expect(reached).toEqual([
    "Prefect",
    "Readiness",
    "Metrics",
    "Status as JSON",
    "Flow runs as JSON",
    "vm-runs",
    "headless-runs",
    "others",
    "merry-otter",
    "stoic-quokka",
  ]);
});

describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
  describe.each([
    ["desktop", { width: 1280, height: 800 }],
    ["phone", { width: 360, height: 780 }],
  ] as const)("on a %s", (_, viewport) => {
    test.for([
      ["well", well],
      ["broken", broken],
    ] as const)(
      "%s: no fault of accessibility, and nothing to scroll sideways for",
      async ([, status], ctx) => {
        const page = await openPage(ctx, (await webWith(status)).url, { colorScheme, viewport });
        await page.evaluate(axe.source);
        const { violations } = await page.evaluate<axe.AxeResults>("axe.run()");
        expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([]);
        const width = await page.evaluate("document.documentElement.scrollWidth");
        expect(width).toBe(viewport.width);
      },
    );
  });
});

test("a new look takes neither the focus nor what is selected", async (ctx) => {
  const { plane, url } = await webWith(broken);
  const page = await openPage(ctx, "about:blank");
  await page.clock.install();
  await page.goto(url);
  const passHalfAMinute = () => page.clock.runFor(31_000);
  await page.getByRole("link", { name: "merry-otter" }).focus();
  plane.now = well;
  await passHalfAMinute();
  await page.getByText("Ready: 2 units").waitFor();
  expect(await page.evaluate(focused)).toBe("merry-otter");

  await page.getByRole("cell", { name: "open" }).selectText();
  const reads: Event[] = [];
  plane.reads.addEventListener("read", (event) => reads.push(event));
  await passHalfAMinute();
  expect(reads).toEqual([]);
  expect(await page.evaluate("getSelection().toString()")).toMatch(/open/);
  await page.evaluate("getSelection().empty()");
  plane.now = broken;
  await passHalfAMinute();
  await page.getByText("Not ready").waitFor();
});
