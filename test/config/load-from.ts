/** Loads a configuration from a folder of its own; its path reads DIR in what comes back. */
import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Config } from "../../src/config/config.ts";
import { describeFault } from "../../src/config/fault.ts";
import { type Loaded, type LoadOptions, loadConfig } from "../../src/config/load.ts";

export interface Folder extends AsyncDisposable {
  readonly path: string;
  write(name: string, content: string | Uint8Array, mode?: number): Promise<string>;
}

export async function makeFolder(): Promise<Folder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "sails-config-")));
  return {
    path,
    async write(name, content, mode = 0o644) {
      const file = join(path, name);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
      await chmod(file, mode);
      return file;
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

export interface Given {
  readonly yaml?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: LoadOptions["env"];
  readonly uid?: number;
}

export const optionsIn = (folder: Folder, given: Given = {}): LoadOptions => ({
  file: given.yaml === undefined ? undefined : join(folder.path, "config.yaml"),
  defaultFile: join(folder.path, "absent.yaml"),
  env: given.env ?? {},
  home: join(folder.path, "home"),
  uid: given.uid ?? 1000,
  cwd: join(folder.path, "cwd"),
});

export async function load(given: Given): Promise<Loaded> {
  await using folder = await makeFolder();
  for (const [name, content] of Object.entries(given.files ?? {})) {
    await folder.write(name, content, name === "auth" ? 0o600 : 0o644);
  }
  if (given.yaml !== undefined) await folder.write("config.yaml", given.yaml);
  const loaded = await loadConfig(optionsIn(folder, given));
  return withoutPath(loaded, folder.path);
}

/** Through JSON, so that the path is replaced everywhere; maps are put back. */
function withoutPath(loaded: Loaded, path: string): Loaded {
  const text = JSON.stringify(loaded).replaceAll(path, "DIR");
  const origins = loaded.kind === "loaded" ? loaded.origins : undefined;
  return Object.assign(JSON.parse(text), { origins });
}

export async function faultsOf(given: Given): Promise<readonly string[]> {
  const loaded = await load(given);
  return loaded.kind === "faulty" ? loaded.faults.map(describeFault) : [];
}

export async function warningsOf(given: Given): Promise<readonly string[]> {
  return (await load(given)).warnings.map(describeFault);
}

export async function configOf(given: Given): Promise<Config> {
  const loaded = await load(given);
  if (loaded.kind === "loaded") return loaded.config;
  throw new Error(loaded.faults.map(describeFault).join("\n"));
}
