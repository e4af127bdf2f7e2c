/** What a project's files declare: which lock counts, what names it, and which Python it asks for. */
import { createHash } from "node:crypto";
import { parse, type TomlTable } from "smol-toml";
import * as z from "zod";
import type { ProjectTexts } from "./ports.ts";

export interface Declaration {
  readonly lock: "uv.lock" | "requirements-locked.txt";
  /** The first 12 hex digits of the lock file's SHA-256. */
  readonly lockHash: string;
  /** Of everything that could make another environment: the same inputs, the same environment. */
  readonly inputs: string;
  readonly python: PythonRequest;
  /** `requires-python` of pyproject.toml. */
  readonly requiresPython: string | undefined;
  /** Folders beside pyproject.toml whose packages the lock installs, relative to it. */
  readonly localFolders: readonly string[];
}

export interface PythonRequest {
  /** A version, a path, or a range such as `>=3.11,<3.15`. */
  readonly wanted: string;
  readonly from: "environment.python" | ".python-version" | "requires-python" | "anything";
}

export type Declared =
  | { readonly kind: "declared"; readonly declaration: Declaration }
  | { readonly kind: "faulty"; readonly why: string; readonly cure: string };

/** @param python `environment.python` */
export function declarationOf(texts: ProjectTexts, python: string | undefined): Declared {
  const read = readPyproject(texts["pyproject.toml"]);
  if (read.kind === "faulty") return read;
  const { pyproject } = read;
  const chosen = chooseLock(texts);
  if (chosen.kind === "faulty") return chosen;
  const { lock, text } = chosen;
  const requiresPython = requiresPythonOf(pyproject);
  const request = pythonRequest(python, texts[".python-version"], requiresPython);
  const parts = [lock, text, texts["pyproject.toml"] ?? "", request.from, request.wanted];
  return {
    kind: "declared",
    declaration: {
      lock,
      lockHash: sha256(text).slice(0, 12),
      inputs: sha256(JSON.stringify(parts)),
      python: request,
      requiresPython,
      localFolders: lock === "uv.lock" ? foldersOfLock(text) : [],
    },
  };
}

type Faulty = Extract<Declared, { kind: "faulty" }>;

function readPyproject(
  text: string | undefined,
): { readonly kind: "read"; readonly pyproject: TomlTable } | Faulty {
  try {
    return { kind: "read", pyproject: text === undefined ? {} : parse(text) };
  } catch (error) {
    const [what = ""] = String(error instanceof Error ? error.message : error).split("\n");
    return { kind: "faulty", why: `pyproject.toml is no TOML: ${what}`, cure: "Correct the file" };
  }
}

function chooseLock(
  texts: ProjectTexts,
): { readonly kind: "chosen"; readonly lock: Declaration["lock"]; readonly text: string } | Faulty {
  const uvLock = texts["uv.lock"];
  const hasPyproject = texts["pyproject.toml"] !== undefined;
  if (uvLock !== undefined && hasPyproject)
    return { kind: "chosen", lock: "uv.lock", text: uvLock };
  const requirements = texts["requirements-locked.txt"];
  if (requirements !== undefined) {
    return { kind: "chosen", lock: "requirements-locked.txt", text: requirements };
  }
  const why =
    uvLock === undefined
      ? "the project has neither uv.lock nor requirements-locked.txt"
      : "the project has uv.lock and no pyproject.toml that belongs to it";
  const cure = hasPyproject
    ? "Run `uv lock` in the project's folder"
    : "Put pyproject.toml and uv.lock, or requirements-locked.txt, into the project's folder";
  return { kind: "faulty", why, cure };
}

const partly = z.object({ project: z.object({ "requires-python": z.string() }) });

const requiresPythonOf = (pyproject: TomlTable): string | undefined =>
  partly.safeParse(pyproject).data?.project["requires-python"];

function pythonRequest(
  configured: string | undefined,
  pinned: string | undefined,
  required: string | undefined,
): PythonRequest {
  if (configured !== undefined) return { wanted: configured, from: "environment.python" };
  const pin = pinned
    ?.split("\n")
    .map((line) => line.trim())
    .find((line) => line !== "" && !line.startsWith("#"));
  if (pin !== undefined) return { wanted: pin, from: ".python-version" };
  if (required !== undefined) return { wanted: required, from: "requires-python" };
  return { wanted: ">=3", from: "anything" };
}

// uv writes its lock by a machine, always in this form; to parse half a megabyte of TOML takes longer.
const sourcePattern = /^source = \{ (?:directory|editable|virtual) = "([^"]+)" \}$/gm;

const foldersOfLock = (text: string): readonly string[] =>
  [...text.matchAll(sourcePattern)]
    .flatMap(([, folder]) => folder ?? [])
    .filter((folder) => folder !== "." && !folder.startsWith("/"));

export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
