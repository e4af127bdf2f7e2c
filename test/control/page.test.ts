import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { statusPage } from "../../src/control/page.ts";
import { crashed, flowRun, pool, statusOf, unit } from "./support/fake-plane.ts";

const now = new Date("2026-01-01T12:03:20Z");
const evil = `<script>alert("x")</script>&'`;

describe("whatever units and problems say", () => {
  const status = statusOf([crashed(evil, { reason: evil, next: evil, since: evil })], {
    pools: [pool(evil, { why: evil, drainDeadline: evil })],
    jobs: [
      {
        name: evil,
        cron: evil,
        timezone: evil,
        running: null,
        last: {
          result: "failed",
          startedAt: evil,
          tookMs: 1,
          reason: "other",
          message: evil,
          cure: evil,
        },
        lastSuccess: evil,
        next: evil,
      },
    ],
    problems: [{ id: "x", what: evil, cure: evil }],
    events: [{ at: evil, level: "warn", text: evil }],
  });
  const { body } = statusPage(
    { ...status, supervisor: { ...status.supervisor, config: evil } },
    [flowRun(evil, { id: evil, pool: evil, state: evil, startedAt: evil, note: evil })],
    now,
  );

  test("is text", () => {
    expect(body).not.toContain("<script>alert");
    expect(body.match(/<script/g)).toHaveLength(1);
    expect(
      body.split("&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#38;&#39;"),
    ).toHaveLength(
      // The title and the verdict name the unit, and what is wrong its name, reason and next. Of the
      // unit: name, since (twice), reason, next. Of the pool: name, why, deadline (twice). Of the run:
      // name, pool, state, since (twice), note. Of the job: name, begun (twice), next (twice), message,
      // cure. Of the event: when (twice), text. And what, cure, configuration.
      34,
    );
  });
});

test.each([
  ["http://127.0.0.1:4200", true],
  ["https://prefect.example", true],
  ["javascript:alert(1)", false],
  [`http://x/" onclick="alert(1)`, true],
  [null, false],
])("a link to Prefect at %s: %s", (prefectUiUrl, isLinked) => {
  const { supervisor } = statusOf([]);
  const { body } = statusPage(
    { ...statusOf([]), supervisor: { ...supervisor, prefectUiUrl } },
    [],
    now,
  );
  expect(body.includes(">Prefect</a>")).toBe(isLinked);
  expect(body).not.toContain("javascript:");
  expect(body).not.toContain('onclick="');
});

test("the policy allows exactly the style and the script that are there, and nothing from elsewhere", () => {
  const { headers, body } = statusPage(statusOf([unit("server")]), [], now);
  const policy = headers["Content-Security-Policy"] ?? "";
  for (const tag of ["style", "script"]) {
    const [, source = ""] = new RegExp(`<${tag}[^>]*>(.*?)</${tag}>`, "s").exec(body) ?? [];
    expect(policy).toContain(`${tag}-src 'sha256-${hash("sha256", source, "base64")}'`);
  }
  expect(policy).toContain("default-src 'none'");
  expect(body).not.toMatch(/(src|href)="(https?:)?\/\/(?!127\.0\.0\.1)/);
  expect(body).not.toMatch(/ (style|on\w+)="/);
});

test("a table that a screen reader can read", () => {
  const { body } = statusPage(statusOf([unit("server"), crashed("worker@vm")]), [], now);
  expect(body).toContain("<caption>Units</caption>");
  expect(body.match(/<th scope="col">/g)).toHaveLength(5);
  expect(body.match(/<th scope="row">/g)).toHaveLength(2);
  expect(body).toMatch(/<html lang="en">/);
  expect(body).toContain("Next: start 4 in 12 s");
  expect(body).toContain(">3 min 20 s</time>");
});

describe("pools and flow runs", () => {
  const status = statusOf([unit("server")], {
    pools: [
      pool("headless-runs", {
        intake: "draining",
        why: "drained by the operator",
        concurrencyLimit: 12,
        runs: 2,
        drainDeadline: "2026-01-02T00:03:20.000Z",
      }),
      pool("vm-runs", { concurrencyLimit: null, detached: false }),
    ],
  });
  const runs = [
    flowRun("calm-otter"),
    flowRun(null, { attachment: "orphaned", state: null, rssBytes: null, note: "is cancelled" }),
  ];
  const { body } = statusPage(status, runs, now);
  const texts = body.replace(/<[^>]+>/g, "|").replace(/\|[|\s]*/g, "|");

  test("are tables that a screen reader can read", () => {
    expect(body).toContain("<caption>Pools</caption>");
    expect(body).toContain("<caption>Flow runs</caption>");
    expect(body.match(/<th scope="col">/g)).toHaveLength(5 + 4 + 6);
    expect(body.match(/<th scope="row"/g)).toHaveLength(1 + 2 + 2);
  });

  test("say what they know", () => {
    expect(texts).toContain(
      "|headless-runs|draining|2 of 12|drained by the operator|Gives up waiting in |12 h|",
    );
    expect(texts).toContain("|vm-runs|open|0|Its flow runs are not detached: ");
    expect(texts).toContain("|calm-otter|vm-runs|Running|4 min|312 MiB|attached|");
    expect(texts).toContain(
      "|0198c2a4|vm-runs|not known yet|4 min|not known|orphaned: its worker is gone|is cancelled|",
    );
  });

  test("a flow run leads to Prefect's page of it, if there is one", () => {
    const page = "http://127.0.0.1:4200/runs/flow-run/0198c2a4-5e1f-7b3a-9c55-2f1d8e6a7b90";
    expect(body).toContain(`<a href="${page}">calm-otter</a>`);
    const { supervisor } = status;
    for (const prefectUiUrl of [null, "javascript:alert(1)"]) {
      const alone = { ...status, supervisor: { ...supervisor, prefectUiUrl } };
      expect(statusPage(alone, runs, now).body).not.toContain("/runs/flow-run/");
    }
  });

  test("where there are none it says so, if there could be some", () => {
    const none = "No flow run has a process here.";
    expect(statusPage(status, [], now).body).toContain(none);
    expect(statusPage(statusOf([unit("server")]), [], now).body).not.toContain(none);
  });
});

test("1000 units are 1000 rows", () => {
  const units = Array.from({ length: 1000 }, (_, i) => unit(`service@s${i}`));
  const { body } = statusPage(statusOf(units), [], now);
  expect(body.match(/<th scope="row">/g)).toHaveLength(1000);
});
