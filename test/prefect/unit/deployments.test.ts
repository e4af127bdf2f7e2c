import { describe, expect, test } from "vitest";
import type { Deployment } from "../../../src/prefect/api/declared.ts";
import type { DeploymentSource } from "../../../src/prefect/declared/declared-files.ts";
import { noteOf } from "../../../src/prefect/declared/deploy.ts";
import { planDeployments } from "../../../src/prefect/declared/deployments.ts";
import type { DeploymentRecord } from "../../../src/prefect/declared/ledger-file.ts";
import { declared, deployment } from "./given.ts";

const file = "/project/prefect.yaml";

const recordOf = (
  entry: DeploymentSource,
  made: Deployment,
  changes: Partial<DeploymentRecord> = {},
): DeploymentRecord => ({
  ...noteOf(entry, made),
  isOurs: true,
  paused: false,
  schedules: {},
  ...changes,
});

interface Case {
  readonly entries?: readonly DeploymentSource[];
  readonly actual?: readonly Deployment[];
  readonly pools?: readonly string[];
  readonly records?: Readonly<Record<string, DeploymentRecord>>;
  readonly prune?: boolean;
  readonly isInDoubt?: boolean;
  readonly unreadable?: readonly string[];
}

const planOf = ({ entries = [], actual = [], records = {}, ...rest }: Case) =>
  planDeployments({
    declared: entries,
    files: [{ prefectYaml: file, schedules: [], prune: rest.prune ?? false }],
    unreadable: new Set(rest.unreadable ?? []),
    actual,
    pools: new Set(rest.pools ?? ["runs"]),
    records,
    isInDoubt: rest.isInDoubt ?? false,
  });

/** What is done about one, in a word. */
function verdict(of: Case): string {
  const { planned, difficulties, adopted } = planOf(of);
  const words = [
    ...planned.map(({ step }) => step.action),
    ...difficulties.map(() => "problem"),
    ...adopted.map(() => "adopt"),
  ];
  return words.join(" ") || "nothing";
}

describe("a deployment that nobody has noted", () => {
  const plan = (entry: Partial<DeploymentSource>, actual: readonly Deployment[] = []) =>
    verdict({ entries: [declared("a", entry)], actual });

  test.each([
    ["not there", {}, [], "create"],
    ["there", {}, [deployment("a")], "adopt"],
    ["there by another name", {}, [deployment("b")], "create"],
    [
      "there, of another flow",
      {},
      [deployment("a", { entrypoint: "x.py:x", flowName: "x" })],
      "create",
    ],
    ["there, from another file", {}, [deployment("a", { entrypoint: "x.py:a" })], "change"],
    ["without an entrypoint, there", { entrypoint: undefined }, [deployment("a")], "adopt"],
    ["without a pool", { poolName: undefined }, [], "create"],
    ["of a pool that nobody has", { poolName: "nope" }, [], "problem"],
    ["there, of a pool that nobody has", { poolName: "nope" }, [deployment("a")], "problem"],
    ["of a pool that is a template", { poolName: "{{ $POOL }}" }, [], "create"],
    ["there, in another pool", {}, [deployment("a", { poolName: "other" })], "change"],
    ["there, with other tags", { tags: ["x"] }, [deployment("a")], "change"],
    ["there, without the blanks around", { description: " \n" }, [deployment("a")], "adopt"],
    ["there, templated", { description: "{{ $TEXT }}" }, [deployment("a")], "adopt"],
  ] as const)("%s", (_, entry, actual, expected) => {
    expect(plan(entry, actual)).toBe(expected);
  });

  test("the set of pools counts, be they declared or on the server", () => {
    const entries = [declared("a", { poolName: "other" })];
    expect(verdict({ entries, pools: ["runs", "other"] })).toBe("create");
  });

  test.each([
    ["{{ $FLOWS }}/a.py:a", "flows/a.py:a", "adopt"],
    ["{{ $FLOWS }}/a.py:a", "flows/b.py:b", "change"],
    ["{{ $FLOWS }}/a.py:a", "flows/axpy:a", "change"],
    ["flows/a.py:{{ f }}", "flows/a.py:whatever", "adopt"],
    ["{{ a }}{{ b }}", "flows/a.py:a", "adopt"],
  ])("an entrypoint %s is that of %s or not: %s", (entrypoint, actual, expected) => {
    expect(plan({ entrypoint }, [deployment("a", { entrypoint: actual })])).toBe(expected);
  });

  test("a name that Prefect fills in is known by what is fixed in it", () => {
    const entry = { name: "a-{{ $STAGE }}", entrypoint: "f.py:f" };
    const made = (name: string) => [deployment(name, { entrypoint: "f.py:f" })];
    expect(plan(entry, made("a-prod"))).toBe("adopt");
    expect(plan(entry, made("b-prod"))).toBe("create");
  });

  test("signs that mean something in patterns are nothing but signs in names", () => {
    const names = ["a.b", "a+b", "(a)", "a|b", "[a", "^a$", "a\\b", "ä ö"];
    const entries = names.map((name) => declared(name));
    const actual = names.map((name) => deployment(name));
    expect(planOf({ entries, actual }).planned).toEqual([]);
    expect(plan({ name: "a.b", entrypoint: undefined }, [deployment("axb")])).toBe("create");
  });

  test("two flows may have deployments of the same name", () => {
    const entries = ["one", "two"].map((flow) =>
      declared("default", { entrypoint: `f.py:${flow}`, selector: `${flow}/default` }),
    );
    const actual = [deployment("default", { entrypoint: "f.py:one", flowName: "one" })];
    expect(planOf({ entries, actual }).planned).toMatchObject([{ order: { entry: entries[1] } }]);
  });
});

describe("a deployment that was made before", () => {
  const entry = declared("a");
  const made = deployment("a");
  const records = { "id-a": recordOf(entry, made) };

  test.each([
    ["nothing", {}, "nothing"],
    ["its entry", { fingerprint: "other" }, "its entry changed"],
    ["its code", { code: "other" }, "its code changed"],
    ["the lock", { lock: "other" }, "the lock changed"],
    [
      "all",
      { fingerprint: "x", code: "y", lock: "z" },
      "its entry and its code and the lock changed",
    ],
    ["its file", { entrypoint: "g.py:a", fingerprint: "other" }, "its entry changed"],
  ])("is deployed again when %s has changed", (_, changes, why) => {
    const plan = planOf({ entries: [declared("a", changes)], actual: [made], records });
    expect(plan.planned.map(({ step }) => step.why).join() || "nothing").toBe(why);
    expect(plan.planned.some(({ step }) => step.isDrift)).toBe(false);
  });

  test("is drift when somebody has changed it in Prefect, field by field", () => {
    const settings = { ...made.settings, tags: ["x"], parameters: { long: "y".repeat(500) } };
    const actual = [deployment("a", { settings })];
    const long = recordOf(
      entry,
      deployment("a", { settings: { ...made.settings, parameters: { long: "z".repeat(500) } } }),
    );
    const [planned] = planOf({ entries: [entry], actual, records: { "id-a": long } }).planned;
    expect(planned?.step).toMatchObject({ action: "change", isDrift: true });
    expect(planned?.step.fields.map(({ field, to }) => [field, to])).toEqual([
      ["tags", []],
      ["parameters", "as it was deployed"],
    ]);
  });

  test("the values of job variables are neither noted nor shown: people keep tokens in them", () => {
    const withToken = (token: string): Deployment => {
      const settings = { ...made.settings, job_variables: { env: { TOKEN: token } } };
      return deployment("a", { settings });
    };
    const noted = recordOf(entry, withToken("first-secret"));
    expect(JSON.stringify(noted)).not.toContain("secret");
    const same = { entries: [entry], actual: [withToken("first-secret")] };
    expect(verdict({ ...same, records: { "id-a": noted } })).toBe("nothing");
    const other = { entries: [entry], actual: [withToken("other-secret")] };
    const [planned] = planOf({ ...other, records: { "id-a": noted } }).planned;
    expect(planned?.step.fields).toEqual([
      { field: "job_variables", from: "other values", to: "as it was deployed" },
    ]);
  });

  test("an operator's pause is no difference, and is listed", () => {
    const plan = planOf({
      entries: [entry],
      actual: [deployment("a", { paused: true })],
      records,
    });
    expect(plan.planned).toEqual([]);
    expect(plan.left).toMatchObject([{ name: "a/a", why: "an operator has paused it" }]);
  });

  test.each([
    ["is only listed", {}, "nothing"],
    ["goes, where that is wanted", { prune: true }, "remove"],
    ["stays, as somebody else had made it", { prune: true, isOurs: false }, "nothing"],
    ["stays, if its file cannot be read", { prune: true, unreadable: [file] }, "nothing"],
  ] as readonly (readonly [string, Case & { readonly isOurs?: boolean }, string])[])(
    "and is no longer declared %s",
    (_, { isOurs = true, ...how }, expected) => {
      const noted = { "id-a": recordOf(entry, made, { isOurs }) };
      expect(verdict({ actual: [made], records: noted, ...how })).toBe(expected);
      const { left } = planOf({ actual: [made], records: noted, ...how });
      expect(left.map(({ reason }) => reason)).toEqual(
        expected === "remove" ? [] : ["not-declared"],
      );
    },
  );

  test("what nobody has declared and we never made is not touched, whatever prune says", () => {
    expect(verdict({ actual: [deployment("theirs")], prune: true })).toBe("nothing");
  });
});
