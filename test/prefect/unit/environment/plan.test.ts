import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Declaration } from "../../../../src/prefect/environment/declaration.ts";
import {
  type EnvironmentFacts,
  planEnvironment,
} from "../../../../src/prefect/environment/plan.ts";
import type { Place } from "../../../../src/prefect/environment/ports.ts";
import {
  removableVersions,
  type Version,
  versionName,
  versionsOf,
  withInputs,
  writeRecord,
} from "../../../../src/prefect/environment/versions.ts";

const declaration: Declaration = {
  lock: "uv.lock",
  lockHash: "aaaaaaaaaaaa",
  inputs: "now",
  python: { wanted: ">=3.11", from: "requires-python" },
  requiresPython: ">=3.11",
  localFolders: [],
};

function version(name: string, ...inputs: readonly string[]): Version {
  const record = {
    version: 1,
    lock: "uv.lock",
    lockHash: name.slice(0, 12),
    inputs,
    packages: 3,
    builtAt: "2026-01-01T00:00:00.000Z",
  } as const;
  const [made] = versionsOf([
    {
      name,
      path: `/data/env.versions/${name}`,
      record: inputs.length === 0 ? undefined : writeRecord(record),
      python: "3.11.2",
      prefect: "3.8.8",
      changedAt: new Date(0),
    },
  ]);
  if (made === undefined) throw new Error(`${name} is no version`);
  return made;
}

const to = (name: string): Place => ({
  kind: "link",
  target: `env.versions/${name}`,
  version: name,
});
const newest = version("aaaaaaaaaaaa-3.11-000000", "now");
const older = version("bbbbbbbbbbbb-3.11-000000", "then");

function plan(facts: Partial<EnvironmentFacts>) {
  const nothing = {
    versions: [],
    hold: undefined,
    removable: [],
    place: { kind: "absent" },
  } as const;
  return planEnvironment({ ...nothing, declaration, ...facts });
}

describe("what is done", () => {
  test("nothing is there: it is built, and switched to", () => {
    expect(plan({})).toEqual({
      standing: "differs",
      steps: [
        { kind: "build", lock: "uv.lock", lockHash: "aaaaaaaaaaaa" },
        { kind: "switch", from: undefined, to: "aaaaaaaaaaaa" },
      ],
    });
  });

  test("it is there: nothing", () => {
    const facts = { place: to(newest.name), versions: [newest, older] };
    expect(plan(facts)).toEqual({ standing: "in-step", steps: [] });
  });

  test("the lock goes back to one of before: nothing is built again", () => {
    expect(plan({ place: to(older.name), versions: [newest, older] }).steps).toEqual([
      { kind: "switch", from: older.name, to: newest.name },
    ]);
  });

  test("an operator went back: it stays so, until something else is declared", () => {
    const facts = { place: to(older.name), versions: [newest, older] };
    expect(plan({ ...facts, hold: { inputs: "now" } })).toEqual({ standing: "held", steps: [] });
    expect(plan({ ...facts, hold: { inputs: "before" } }).standing).toBe("differs");
  });

  test("what nobody needs is removed last", () => {
    const { steps } = plan({ versions: [older], removable: [older] });
    expect(steps.at(-1)).toEqual({ kind: "remove", version: older.name });
  });
});

describe("one that a script has built counts by its name", () => {
  const requirements = { ...declaration, lock: "requirements-locked.txt" } as const;
  const byScript = version("aaaaaaaaaaaa-3.11");
  const standing = (wanted: Declaration) =>
    plan({ declaration: wanted, place: to(byScript.name), versions: [byScript] }).standing;

  test.each<[Declaration, string]>([
    [requirements, "in-step"],
    [{ ...requirements, lockHash: "cccccccccccc" }, "differs"],
    [{ ...requirements, python: { wanted: "3.11", from: "environment.python" } }, "in-step"],
    [{ ...requirements, python: { wanted: "3.11.2", from: "environment.python" } }, "in-step"],
    [{ ...requirements, python: { wanted: "3.1", from: "environment.python" } }, "differs"],
    [{ ...requirements, python: { wanted: "/opt/python", from: "environment.python" } }, "differs"],
    // The name tells nothing of what else a uv.lock may depend on.
    [declaration, "differs"],
  ])("%j: %s", (wanted, expected) => {
    expect(standing(wanted)).toBe(expected);
  });
});

test("names say the lock and the Python, and what else counts", () => {
  expect(versionName("aaaaaaaaaaaa", "3.11.2", undefined)).toBe("aaaaaaaaaaaa-3.11");
  expect(versionName("aaaaaaaaaaaa", "3.12.0", "0f0f0f")).toBe("aaaaaaaaaaaa-3.12-0f0f0f");
});

test("folders of other names are nobody's versions", () => {
  const common = {
    record: undefined,
    python: "3.11.2",
    prefect: undefined,
    changedAt: new Date(0),
  };
  const names = ["aaaaaaaaaaaa-3.11", "adopted-0f0f0f", "mine", "aaaaaaaaaaaa-3.11.new"];
  const found = names.map((name) => ({ ...common, name, path: `/v/${name}` }));
  expect(versionsOf(found).map(({ name }) => name)).toEqual([
    "aaaaaaaaaaaa-3.11",
    "adopted-0f0f0f",
  ]);
});

test("inputs that lead to the same packages are remembered, the last twenty", () => {
  const { record } = newest;
  if (record === undefined) throw new Error("it has a record");
  expect(withInputs(record, "other").inputs).toEqual(["now", "other"]);
  expect(withInputs(record, "now").inputs).toEqual(["now"]);
  let many = record;
  for (let i = 0; i < 30; i += 1) many = withInputs(many, `${i}`);
  expect(many.inputs).toHaveLength(20);
  expect(many.inputs.at(-1)).toBe("29");
});

test("never removed: the current one, the one before it, one in use, one of somebody else", () => {
  const names = fc.constantFrom("1", "2", "3", "4", "5", "6");
  const world = fc.record({
    ours: fc.uniqueArray(names),
    theirs: fc.uniqueArray(names),
    current: fc.option(names, { nil: undefined }),
    previous: fc.option(names, { nil: undefined }),
    used: fc.uniqueArray(names),
  });
  const nameOf = (digit: string) => `${digit.repeat(12)}-3.11`;
  fc.assert(
    fc.property(world, ({ ours, theirs, current, previous, used }) => {
      const foreign = theirs.filter((name) => !ours.includes(name));
      const versions = [
        ...ours.map((name) => version(nameOf(name), "x")),
        ...foreign.map((name) => version(nameOf(name))),
      ];
      const removed = removableVersions({
        versions,
        current: current === undefined ? undefined : nameOf(current),
        previous: previous === undefined ? undefined : nameOf(previous),
        inUse: new Set(used.map((name) => `/data/env.versions/${nameOf(name)}`)),
      }).map(({ name }) => name);
      const kept = new Set([current, previous, ...used]);
      const expected = ours.filter((name) => !kept.has(name)).map(nameOf);
      expect(removed).toEqual(expected);
    }),
  );
});
