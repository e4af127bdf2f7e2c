/** `init`: writes a configuration from what is there, and says what it found, assumed and left to do. */
import { access, mkdir, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { describeFault } from "../config/fault.ts";
import { loadConfig } from "../config/load.ts";
import { complain } from "./complain.ts";
import type { Context, Drafted } from "./context.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";

export interface InitOptions {
  readonly config?: string;
  readonly project?: string;
  readonly print?: true;
  readonly force?: true;
  readonly json?: true;
}

const usualFile = "/etc/sails-supervisor/config.yaml";

export async function init(context: Context, options: InitOptions): Promise<number> {
  const { cwd, env, out } = context;
  const project = resolve(cwd, options.project ?? ".");
  if (!(await isFolder(project))) {
    const cure = "name the folder that has your prefect.yaml or pyproject.toml with --project";
    await complain(context, `${project} is no folder`, cure);
    return exitStatus.failed;
  }
  const drafted = await context.draft({
    project,
    environments: env["VIRTUAL_ENV"] === undefined ? [] : [env["VIRTUAL_ENV"]],
  });
  if (options.print === true) {
    await out.write(drafted.text);
    await context.err.write(told(drafted, context));
    return exitStatus.done;
  }
  const file = resolve(cwd, options.config ?? env["SAILS_CONFIG"] ?? usualFile);
  if (options.force !== true && (await isThere(file))) {
    const cure = `look at what would be written with --print, then give --force, or another file with --config`;
    await complain(context, `${file} is there already, and stays as it is`, cure);
    return exitStatus.failed;
  }
  const trouble = await write(file, drafted.text);
  if (trouble !== undefined) {
    const cure = "run it with sudo, or write elsewhere with --config ./config.yaml";
    await complain(context, `${file} cannot be written: ${trouble}`, cure);
    return exitStatus.failed;
  }
  const faults = await faultsIn(file, context);
  const { found, assumed, toDo } = drafted;
  if (options.json === true) await out.write(asJson({ file, found, assumed, toDo, faults }));
  else await out.write(`${told(drafted, context)}${written(file, faults, context)}`);
  return faults.length === 0 ? exitStatus.done : exitStatus.notAsAsked;
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

async function write(file: string, text: string): Promise<string | undefined> {
  try {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    return undefined;
  } catch (error) {
    return String(error);
  }
}

async function faultsIn(
  file: string,
  { env, home, uid, cwd }: Context,
): Promise<readonly string[]> {
  const loaded = await loadConfig({ file, env, home, uid, cwd });
  return loaded.kind === "faulty" ? loaded.faults.map(describeFault) : [];
}

function told({ found, assumed, toDo }: Drafted, { out }: Context): string {
  const list = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? "" : `${out.paint("strong", title)}\n${indented(lines)}\n`;
  return list("Found", found) + list("Assumed", assumed) + list("For you to do", toDo);
}

const indented = (lines: readonly string[]): string =>
  lines.map((line) => `  - ${line}\n`).join("");

function written(file: string, faults: readonly string[], { out }: Context): string {
  if (faults.length > 0) {
    return `${out.paint("bad", `Wrote ${file}, in which this is wrong:`)}\n${indented(faults)}`;
  }
  const next = `Next: read it, then \`sails-supervisor config check --config ${file}\` and start the daemon`;
  return `${out.paint("good", `Wrote ${file}.`)} ${next}.\n`;
}
