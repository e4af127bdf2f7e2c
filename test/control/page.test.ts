import { hash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { statusPage } from "../../src/control/page.ts";
import { crashed, statusOf, unit } from "./support/fake-plane.ts";

const now = new Date("2026-01-01T12:03:20Z");
const evil = `<script>alert("x")</script>&'`;

describe("whatever units and problems say", () => {
  const status = statusOf([crashed(evil, { reason: evil, next: evil, since: evil })], {
    problems: [{ id: "x", what: evil, cure: evil }],
  });
  const { body } = statusPage(
    { ...status, supervisor: { ...status.supervisor, config: evil } },
    now,
  );

  test("is text", () => {
    expect(body).not.toContain("<script>alert");
    expect(body.match(/<script/g)).toHaveLength(1);
    expect(
      body.split("&#60;script&#62;alert(&#34;x&#34;)&#60;/script&#62;&#38;&#39;"),
    ).toHaveLength(
      // Name, since (twice), reason, next, what, cure, configuration.
      9,
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
    now,
  );
  expect(body.includes(">Prefect</a>")).toBe(isLinked);
  expect(body).not.toContain("javascript:");
  expect(body).not.toContain('onclick="');
});

test("the policy allows exactly the style and the script that are there, and nothing from elsewhere", () => {
  const { headers, body } = statusPage(statusOf([unit("server")]), now);
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
  const { body } = statusPage(statusOf([unit("server"), crashed("worker@vm")]), now);
  expect(body).toContain("<caption>Units</caption>");
  expect(body.match(/<th scope="col">/g)).toHaveLength(5);
  expect(body.match(/<th scope="row">/g)).toHaveLength(2);
  expect(body).toMatch(/<html lang="en">/);
  expect(body).toContain("Next: start 4 in 12 s");
  expect(body).toContain(">3 min 20 s</time>");
});

test.each([
  [statusOf([unit("server")]), "All is well"],
  [statusOf([unit("server"), crashed("a")]), "1 of 2 units not ready"],
  [statusOf([unit("server")], { ready: false }), "Not ready"],
  [
    statusOf([unit("server")], { problems: [{ id: "x", what: "y", cure: null }] }),
    "Ready, with problems: 1",
  ],
  [
    { ...statusOf([]), supervisor: { ...statusOf([]).supervisor, phase: "stopping" as const } },
    "The supervisor is stopping",
  ],
])("the verdict, case %#", (status, words) => {
  expect(statusPage(status, now).body).toContain(`role="status">${words}</p>`);
});

test("1000 units are 1000 rows", () => {
  const units = Array.from({ length: 1000 }, (_, i) => unit(`service@s${i}`));
  const { body } = statusPage(statusOf(units), now);
  expect(body.match(/<th scope="row">/g)).toHaveLength(1000);
});
