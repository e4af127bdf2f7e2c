import { describe, expect, test } from "vitest";
import { declarationOf, sha256 } from "../../../../src/prefect/environment/declaration.ts";
import type { ProjectTexts } from "../../../../src/prefect/environment/ports.ts";

const pyproject = '[project]\nname = "survey"\nrequires-python = ">=3.11,<3.14"\n';
const uvLock = `version = 1

[[package]]
name = "survey"
version = "1.0"
source = { editable = "." }

[[package]]
name = "tools"
version = "0.1"
source = { directory = "libs/tools" }

[[package]]
name = "iniconfig"
version = "2.0.0"
source = { registry = "https://pypi.org/simple" }
`;

function declared(texts: ProjectTexts, python?: string) {
  const result = declarationOf(texts, python);
  if (result.kind !== "declared") throw new Error(result.why);
  return result.declaration;
}

describe("which lock counts", () => {
  test("uv.lock beside pyproject.toml, even if requirements-locked.txt is there too", () => {
    const texts = { "pyproject.toml": pyproject, "uv.lock": uvLock, "requirements-locked.txt": "" };
    expect(declared(texts)).toMatchObject({
      lock: "uv.lock",
      lockHash: sha256(uvLock).slice(0, 12),
      localFolders: ["libs/tools"],
    });
  });

  test("else requirements-locked.txt, with or without pyproject.toml", () => {
    const text = "prefect==3.8.8\n";
    const lock = { lock: "requirements-locked.txt", lockHash: sha256(text).slice(0, 12) };
    expect(declared({ "requirements-locked.txt": text })).toMatchObject(lock);
    const both = { "pyproject.toml": pyproject, "requirements-locked.txt": text };
    expect(declared(both)).toMatchObject(lock);
  });

  test.each<[ProjectTexts, string, string]>([
    [{}, "neither uv.lock nor requirements-locked.txt", "Put pyproject.toml and uv.lock"],
    [{ "pyproject.toml": pyproject }, "neither", "`uv lock`"],
    [{ "uv.lock": uvLock }, "no pyproject.toml", "Put pyproject.toml"],
    [{ "pyproject.toml": "[[[", "uv.lock": uvLock }, "pyproject.toml is no TOML", "Correct"],
  ])("%j is none", (texts, why, cure) => {
    const result = declarationOf(texts, undefined);
    if (result.kind === "declared") throw new Error("it is declared");
    expect(result.why).toContain(why);
    expect(result.cure).toContain(cure);
  });
});

describe("which Python", () => {
  const lock = { "requirements-locked.txt": "prefect==3.8.8\n" };
  test.each<[ProjectTexts, string | undefined, string, string]>([
    [
      { ".python-version": "3.12\n", "pyproject.toml": pyproject },
      "3.13",
      "3.13",
      "environment.python",
    ],
    [
      { ".python-version": "# ours\n3.12\n", "pyproject.toml": pyproject },
      undefined,
      "3.12",
      ".python-version",
    ],
    [{ "pyproject.toml": pyproject }, undefined, ">=3.11,<3.14", "requires-python"],
    [{ "pyproject.toml": "[project]\nname = 'x'" }, undefined, ">=3", "anything"],
    [{}, undefined, ">=3", "anything"],
  ])("%j, configured %s: %s", (texts, python, wanted, from) => {
    expect(declared({ ...lock, ...texts }, python).python).toEqual({ wanted, from });
  });
});

test("the inputs are those of one environment: any of them makes others, and nothing else does", () => {
  const texts = { "pyproject.toml": pyproject, "uv.lock": uvLock };
  const { inputs } = declared(texts);
  expect(declared({ ...texts }).inputs).toBe(inputs);
  const changed = [
    declared({ ...texts, "uv.lock": `${uvLock}\n` }),
    declared({ ...texts, "pyproject.toml": `${pyproject}\n` }),
    declared({ ...texts, ".python-version": "3.12" }),
    declared(texts, "3.12"),
  ];
  expect(new Set([inputs, ...changed.map((one) => one.inputs)]).size).toBe(5);
  expect(declared({ ...texts, "requirements-locked.txt": "x" }).inputs).toBe(inputs);
});
