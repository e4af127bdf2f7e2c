/** Makes an environment beside the one in use, and tries it. What fails leaves nothing behind that counts. */
import { join } from "node:path";
import { askCapabilities, type Capabilities } from "../capabilities.ts";
import type { RunCommand } from "../ports.ts";
import { type Declaration, sha256 } from "./declaration.ts";
import { explainFailure, type Failure } from "./failure.ts";
import type { Interpreter, ProjectContent, ProjectReader, Uv, VersionStore } from "./ports.ts";
import { contradiction, withoutPython } from "./python.ts";
import { differenceOf, parseRequirements, type Requirements } from "./requirements.ts";
import { versionName, writeRecord } from "./versions.ts";

export interface BuildParts {
  readonly uv: Uv;
  readonly store: VersionStore;
  readonly reader: ProjectReader;
  readonly run: RunCommand;
  readonly files: Scratch;
  /** `environment.project`. */
  readonly project: string;
  /** Where the copy of the project's files lies, which uv works in. */
  readonly mirror: string;
  /** Of Prefect's commands: with a PREFECT_HOME that nobody else uses. */
  readonly trialEnvironment: Readonly<Record<string, string>>;
  readonly now: () => Date;
  /** Told of each step, in words that follow "builds the Python environment: ". */
  readonly progress: (doing: string) => void;
  readonly signal: AbortSignal;
}

/** Files of our own, in folders that are made as they are needed. */
export interface Scratch {
  read(path: string): Promise<string>;
  write(path: string, text: string): Promise<void>;
  remove(path: string): Promise<void>;
}

/** All that must be known before anything is built. */
export interface Prepared {
  readonly declaration: Declaration;
  readonly name: string;
  readonly python: Interpreter;
  readonly requirements: Requirements;
  readonly sources: string;
}

export type Preparation =
  | { readonly kind: "prepared"; readonly prepared: Prepared }
  | { readonly kind: "failed"; readonly failure: Failure };

const failed = (failure: Failure) => ({ kind: "failed", failure }) as const;

/** Writes nothing but the copy of the project. */
export async function prepare(
  parts: BuildParts,
  declaration: Declaration,
  content: ProjectContent,
): Promise<Preparation> {
  const { uv, mirror, signal } = parts;
  await mirrorFiles(parts, content);
  const early = await copyFolders(parts, declaration.localFolders);
  if (early.kind === "failed") return early;
  const found = await findPython(parts, declaration);
  if (found.kind === "failed") return found;
  const { python } = found;
  const exported = join(mirror, ".sails-exported.txt");
  let text = content.texts["requirements-locked.txt"] ?? "";
  if (declaration.lock === "uv.lock") {
    const args = [
      "export",
      "--locked",
      "--format",
      "requirements.txt",
      "--no-header",
      "--no-annotate",
    ];
    const file = ["--python", python.path, "--output-file", exported];
    const { isOk, how, output } = await uv.run([...args, ...file], mirror, signal);
    if (!isOk) return failed(explainFailure("uv export --locked", how, output));
    text = await parts.files.read(exported);
  }
  const requirements = parseRequirements(text);
  if (!requirements.pins.has("prefect")) {
    const why = `${declaration.lock} does not lock the package prefect`;
    const cure = "Add prefect to the dependencies in pyproject.toml and lock again";
    return failed({ reason: "lock", why, cure });
  }
  const rest = requirements.localFolders.filter((one) => !declaration.localFolders.includes(one));
  const late = await copyFolders(parts, rest);
  if (late.kind === "failed") return late;
  await parts.files.write(exported, requirements.text);
  const isSimple =
    declaration.lock === "requirements-locked.txt" && requirements.localFolders.length === 0;
  const all = JSON.stringify([
    requirements.text,
    requirements.hasProject,
    early.digest,
    late.digest,
  ]);
  const variant = isSimple ? undefined : sha256(all).slice(0, 6);
  const name = versionName(declaration.lockHash, python.version, variant);
  const { sources } = content;
  return { kind: "prepared", prepared: { declaration, name, python, requirements, sources } };
}

async function mirrorFiles({ files, mirror }: BuildParts, content: ProjectContent): Promise<void> {
  await files.remove(mirror);
  for (const [name, text] of Object.entries(content.texts)) {
    await files.write(join(mirror, name), text);
  }
}

async function copyFolders(
  { reader, project, mirror, progress }: BuildParts,
  folders: readonly string[],
): Promise<{ readonly kind: "copied"; readonly digest: string } | ReturnType<typeof failed>> {
  if (folders.length === 0) return { kind: "copied", digest: "" };
  progress(`copies ${folders.join(", ")} of the project`);
  const copied = await reader.copy(project, folders, mirror);
  if (copied.kind === "copied") return copied;
  const why =
    copied.kind === "hangs"
      ? `${project} does not answer: its folders ${folders.join(", ")} could not be copied`
      : copied.why;
  return failed({ reason: "other", why, cure: "Look at the folder and at its mount" });
}

async function findPython(
  { uv, mirror, signal }: BuildParts,
  { python: request, requiresPython }: Declaration,
): Promise<{ readonly kind: "found"; readonly python: Interpreter } | ReturnType<typeof failed>> {
  // What is pinned for uv may not be here while another that fits is: only who configures us insists.
  const ranges =
    request.from === ".python-version" && requiresPython !== undefined
      ? [request.wanted, requiresPython]
      : [request.wanted];
  for (const wanted of ranges) {
    const python = await uv.findPython(wanted, mirror, signal);
    if (python === undefined) continue;
    const wrong = contradiction(request, python, requiresPython);
    return wrong === undefined ? { kind: "found", python } : failed({ reason: "other", ...wrong });
  }
  const missing = withoutPython(request, await uv.installedPythons(mirror, signal));
  return failed({ reason: "other", ...missing });
}

export type Built =
  | { readonly kind: "built"; readonly capabilities: Capabilities }
  | { readonly kind: "failed"; readonly failure: Failure };

export async function build(parts: BuildParts, prepared: Prepared): Promise<Built> {
  const { store, now } = parts;
  const { name, declaration, requirements } = prepared;
  const folder = await store.begin(name);
  const installed = await install(parts, prepared, folder);
  const checked = installed ?? (await check(parts, prepared, folder));
  if (checked.kind === "failed") {
    await store.remove(folder);
    return checked;
  }
  const record = writeRecord({
    version: 1,
    lock: declaration.lock,
    lockHash: declaration.lockHash,
    inputs: [declaration.inputs],
    packages: requirements.count,
    builtAt: now().toISOString(),
  });
  await store.finish(folder, name, record);
  return checked;
}

async function install(
  { uv, mirror, files, progress, signal }: BuildParts,
  { python, requirements, sources }: Prepared,
  folder: string,
): Promise<ReturnType<typeof failed> | undefined> {
  const interpreter = join(folder, "bin/python");
  // `--relocatable`: the scripts in bin/ find their Python beside them, wherever the folder is moved.
  const venv = ["venv", "--no-project", "--relocatable", "--python", python.path, folder];
  const packages = ["pip", "install", "--compile-bytecode", "--python", interpreter];
  progress(`installs ${requirements.count} packages`);
  for (const args of [venv, [...packages, "-r", join(mirror, ".sails-exported.txt")]]) {
    const result = await uv.run(args, mirror, signal);
    const doing = args === venv ? "uv venv" : "uv pip install";
    if (!result.isOk) return failed(explainFailure(doing, result.how, result.output));
  }
  if (requirements.hasProject) {
    const [major, minor] = python.version.split(".");
    const packagesFolder = join(folder, `lib/python${major}.${minor}/site-packages`);
    await files.write(join(packagesFolder, "sails_project.pth"), projectPath(sources));
  }
  return undefined;
}

/**
 * The project itself is used where it lies, as `-e .` would. The server and the workers do without
 * it: they must start while the mount that it lies on hangs.
 */
const projectPath = (sources: string): string =>
  `import sys; {"server", "worker"} & set(sys.orig_argv) or sys.path.append(${JSON.stringify(sources)})\n`;

async function check(
  { uv, mirror, run, trialEnvironment, progress, signal }: BuildParts,
  { requirements }: Prepared,
  folder: string,
): Promise<Built> {
  progress("tries it: whether the server and the command line can start");
  const python = join(folder, "bin/python");
  const freeze = await uv.run(["pip", "freeze", "--python", python], mirror, signal);
  if (!freeze.isOk) return failed(explainFailure("uv pip freeze", freeze.how, freeze.output));
  const difference = differenceOf(requirements, freeze.output);
  if (difference !== undefined) {
    const why = `what was installed is not what is locked: ${difference}`;
    return failed({ reason: "build", why, cure: "Lock again, then `sails-supervisor env sync`" });
  }
  const request = { env: trialEnvironment, directory: mirror, timeoutMs: 300_000, signal };
  const imports = "import prefect.server.api.server";
  const imported = await run({ ...request, command: [python, "-c", imports] });
  if (!imported.isOk) return failed(wontStart(imports, imported.how, imported.output));
  const asked = await askCapabilities(run, join(folder, "bin/prefect"), request);
  if (asked.kind === "known") return { kind: "built", capabilities: asked.capabilities };
  return failed(wontStart("prefect --version", "failed", asked.why));
}

function wontStart(what: string, how: string, output: string): Failure {
  const { why } = explainFailure(what, how, output);
  return {
    reason: "import",
    why: `with the locked packages Prefect does not start: ${why}`,
    cure: "Lock other versions: Prefect's own dependencies are often newer than it can work with (fastapi, sqlalchemy)",
  };
}
