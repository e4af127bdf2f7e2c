import { expect, test } from "vitest";
import { readAudit, sentences } from "../../scripts/package/audit-report.ts";

const report = (vulnerabilities: object) =>
  JSON.stringify({
    auditReportVersion: 2,
    vulnerabilities,
    metadata: { vulnerabilities: { total: 0 }, dependencies: { prod: 32, total: 32 } },
  });

test("nothing known is good only where somebody has answered", () => {
  expect(sentences(readAudit(report({})))).toEqual([
    "no vulnerability is known in the 32 packages that are shipped",
  ]);
  const refused =
    '{"message": "405 Method Not Allowed - POST /-/npm/v1/security", "statusCode": 405}';
  for (const text of [refused, "", "npm ERR!", "{}"]) {
    expect(readAudit(text).kind).toBe("unanswered");
  }
  expect(sentences(readAudit(refused))[0]).toContain("405 Method Not Allowed");
});

test("what is known is named", () => {
  const advisory = { title: "Prototype Pollution", severity: "high", url: "https://a.example" };
  const found = readAudit(
    report({
      yaml: { name: "yaml", severity: "high", via: [advisory] },
      tool: { name: "tool", severity: "high", via: ["yaml"] },
    }),
  );
  expect(found.kind).toBe("vulnerable");
  expect(sentences(found)).toEqual([
    "yaml: high: Prototype Pollution",
    "tool: high: by what it depends on",
  ]);
});
