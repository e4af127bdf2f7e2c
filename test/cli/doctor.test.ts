import { describe, expect, test } from "vitest";
import { type DoctorReport, type Finding, reportOf } from "../../src/doctor/finding.ts";
import { cli } from "./support/fake-context.ts";

const finding = (changes: Partial<Finding> = {}): Finding => ({
  id: "limits:pool runs",
  severity: "warning",
  what: "the pool runs lets 9 run at once, and the configuration says 2",
  why: "more runs at once than was planned can take all memory",
  cure: "`sails-supervisor apply` puts it as declared",
  ...changes,
});

const report = (...findings: readonly Finding[]): DoctorReport =>
  reportOf([
    { examination: "limits", result: "done", findings },
    { examination: "disk", result: "done", findings: [] },
  ]);

const run = (found: DoctorReport, ...words: readonly string[]) =>
  cli(["doctor", ...words], { examine: async () => found });

describe("doctor", () => {
  test("nothing found: status 0", async () => {
    expect(await run(report())).toEqual({
      status: 0,
      out: "2 examinations: nothing found.\n",
      err: "",
    });
  });

  test("what, why and the cure, the gravest first: status 4", async () => {
    const grave = finding({ id: "disk:/mnt", severity: "fault", what: "full\u001b[2J" });
    const { status, out } = await run(report(finding(), grave, finding({ severity: "note" })));
    expect(status).toBe(4);
    expect(out).toMatchInlineSnapshot(`
      "fault    full
               why: more runs at once than was planned can take all memory
               cure: \`sails-supervisor apply\` puts it as declared

      warning  the pool runs lets 9 run at once, and the configuration says 2
               why: more runs at once than was planned can take all memory
               cure: \`sails-supervisor apply\` puts it as declared

      note     the pool runs lets 9 run at once, and the configuration says 2
               why: more runs at once than was planned can take all memory
               cure: \`sails-supervisor apply\` puts it as declared

      2 examinations: 1 fault, 1 warning, 1 note.
      "
    `);
  });

  test("as JSON", async () => {
    const { status, out } = await run(report(finding()), "--json");
    expect(status).toBe(4);
    expect(JSON.parse(out)).toEqual({
      version: 1,
      findings: [finding()],
      examined: [
        { examination: "limits", result: "done" },
        { examination: "disk", result: "done" },
      ],
    });
  });
});
