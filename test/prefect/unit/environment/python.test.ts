import { describe, expect, test } from "vitest";
import {
  contradiction,
  satisfies,
  withoutPython,
} from "../../../../src/prefect/environment/python.ts";

describe("a version in a range", () => {
  test.each([
    ["3.11.2", ">=3.11", true],
    ["3.11.2", ">=3.11,<3.14", true],
    ["3.14.0", ">=3.11,<3.14", false],
    ["3.9.18", ">=3.10", false],
    ["3.12.4", "==3.12.*", true],
    ["3.13.0", "==3.12.*", false],
    ["3.12.4", "!=3.12.*", false],
    ["3.12.4", "!=3.12.4", false],
    ["3.12.4", "~=3.11", true],
    ["4.0.0", "~=3.11", false],
    ["3.12.4", "~=3.11.0", false],
    ["3.12.0", "==3.12", true],
    ["3.12.1", "<=3.12", false],
    ["3.12.1", ">3.12", true],
    ["3.13.0rc1", ">=3.13", true],
    ["3.12.1", "=== something new", true],
  ])("%s in %s: %s", (version, range, expected) => {
    expect(satisfies(version, range)).toBe(expected);
  });
});

const installed = [
  { path: "/usr/bin/python3", version: "3.11.2" },
  { path: "/usr/bin/python3.11", version: "3.11.2" },
];

test("a Python that is missing: what was asked for, by what, and what is there", () => {
  const missing = withoutPython({ wanted: ">=3.13,<3.15", from: "requires-python" }, installed);
  expect(missing.why).toBe(
    "Python >=3.13,<3.15 is not installed, which the project's requires-python asks for; installed: 3.11.2",
  );
  expect(missing.cure).toContain("uv python install 3.13");
  expect(withoutPython({ wanted: "3.9", from: "environment.python" }, []).why).toBe(
    "Python 3.9 is not installed, which environment.python asks for; installed: none at all",
  );
});

test("a Python that is configured against what the project requires", () => {
  const request = { wanted: "3.9", from: "environment.python" } as const;
  const python = { path: "/opt/python3.9", version: "3.9.18" };
  expect(contradiction(request, python, ">=3.11")?.why).toBe(
    "environment.python is 3.9, which is Python 3.9.18, and pyproject.toml requires >=3.11",
  );
  expect(contradiction(request, python, ">=3.9")).toBeUndefined();
  expect(contradiction(request, python, undefined)).toBeUndefined();
});
