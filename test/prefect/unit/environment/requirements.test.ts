import { describe, expect, test } from "vitest";
import {
  differenceOf,
  parseRequirements,
} from "../../../../src/prefect/environment/requirements.ts";

const exported = `-e .
./libs/foo
-e ../shared
Prefect==3.8.8 \\
    --hash=sha256:00
    # via survey
uvicorn[standard]==0.54.0
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:01
tool @ git+https://example.org/tool@abc
`;

test("the project is left out, its folders are copied, what is pinned is known", () => {
  const parsed = parseRequirements(exported);
  expect(parsed.hasProject).toBe(true);
  expect(parsed.localFolders).toEqual(["libs/foo", "../shared"]);
  expect(parsed.text).not.toMatch(/^-e/m);
  expect(parsed.text).toMatch(/^\.\/libs\/foo\n\.\.\/shared\nPrefect==3\.8\.8 \\\n {4}--hash/);
  expect([...parsed.pins.keys()]).toEqual(["prefect", "uvicorn", "colorama"]);
  expect(parsed.count).toBe(6);
});

test("a lock with no project and no folder is left as it is", () => {
  const text = "# made by uv\nprefect==3.8.8\n    # via -r x.in\n";
  expect(parseRequirements(text)).toMatchObject({
    text,
    hasProject: false,
    localFolders: [],
    count: 1,
  });
});

describe("what is installed", () => {
  const locked = parseRequirements(
    "a-b==1.0\nc==2.0 ; python_version < '3.12'\nc==3.0 ; python_version >= '3.12'\n",
  );
  test.each<[string, string | undefined]>([
    ["A_b==1.0\nc==3.0\n", undefined],
    ["a.b==1.0\n", undefined],
    ["a-b==1.0\nfoo @ file:///x\nextra==9\n", undefined],
    ["c==3.0\n", "not installed: a-b"],
    ["a-b==1.1\nc==3.0\n", "in another version than the lock's: a-b 1.1"],
    ["a-b==1.0\nc==4.0\n", "in another version than the lock's: c 4.0"],
  ])("%j", (freeze, difference) => {
    expect(differenceOf(locked, freeze)).toBe(difference);
  });

  test("many are named by the first of them", () => {
    const many = parseRequirements(Array.from({ length: 7 }, (_, i) => `p${i}==1\n`).join(""));
    expect(differenceOf(many, "")).toBe("not installed: p0, p1, p2, p3, p4 and 2 more");
  });
});
