/** The environments on the disk: `PATH.versions/NAME`, and the link at PATH that leads to one of them. */
import { randomUUID } from "node:crypto";
import {
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import type { FoundVersion, Place, VersionStore } from "../prefect/environment/ports.ts";
import { AtomicFile } from "./atomic-file.ts";
import { errnoOf } from "./errno.ts";

const recordName = "sails-environment.json";
/** Of what is not done, and of what is being removed: neither is a version. */
const unfinished = /\.(building|removing)-[0-9a-f]+$/;

export class HostVersionStore implements VersionStore {
  readonly #path: string;
  readonly #folder: string;

  /** @param path `environment.path` */
  constructor(path: string) {
    this.#path = path;
    this.#folder = `${path}.versions`;
  }

  async place(): Promise<Place> {
    try {
      if (!(await lstat(this.#path)).isSymbolicLink()) return { kind: "folder" };
      const target = await readlink(this.#path);
      const led = resolve(dirname(this.#path), target);
      const version = dirname(led) === this.#folder ? basename(led) : undefined;
      return { kind: "link", target, version };
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return { kind: "absent" };
      throw error;
    }
  }

  async found(): Promise<readonly FoundVersion[]> {
    const names = (await namesIn(this.#folder)).filter((name) => !unfinished.test(name));
    const found = await Promise.all(names.map((name) => this.#look(name)));
    return found.filter((version) => version !== undefined);
  }

  async #look(name: string): Promise<FoundVersion | undefined> {
    const path = join(this.#folder, name);
    const config = await textOf(join(path, "pyvenv.cfg"));
    if (config === undefined) return undefined;
    // Python's own venv calls it `version`.
    const python = /^version(?:_info)? *= *([\d.]+)/m.exec(config)?.[1];
    const [major, minor] = (python ?? "").split(".");
    const installed = await namesIn(join(path, `lib/python${major}.${minor}/site-packages`));
    const prefect = installed
      .map((each) => /^prefect-([^-]+)\.dist-info$/.exec(each)?.[1])
      .find((version) => version !== undefined);
    const record = await textOf(join(path, recordName));
    const { mtime: changedAt } = await stat(join(path, "pyvenv.cfg"));
    return { name, path, record, python, prefect, changedAt };
  }

  async adopt(name: string): Promise<void> {
    const target = join(this.#folder, name);
    await mkdir(this.#folder, { recursive: true });
    await this.#link(name);
    await rename(this.#path, target);
    await rename(this.#newLink, this.#path);
    await renameInterpreter(join(target, "bin"), join(this.#path, "bin"));
  }

  async heal(): Promise<void> {
    const { kind } = await this.place();
    // A crash between the two renames of an adoption: nothing is there, and the link is ready.
    if (kind === "absent") await rename(this.#newLink, this.#path).catch(() => undefined);
  }

  async sweep(): Promise<void> {
    const names = await namesIn(this.#folder);
    for (const name of names.filter((each) => unfinished.test(each))) {
      await rm(join(this.#folder, name), { recursive: true, force: true });
    }
  }

  async begin(name: string): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    const folder = join(this.#folder, `${name}.building-${randomUUID().slice(0, 8)}`);
    await mkdir(folder);
    return folder;
  }

  async finish(building: string, name: string, record: string): Promise<void> {
    await writeFile(join(building, recordName), record);
    const target = join(this.#folder, name);
    await this.remove(target);
    await rename(building, target);
    await sync(this.#folder);
  }

  rewriteRecord(path: string, record: string): Promise<void> {
    return new AtomicFile(join(path, recordName), 0o644).write(record);
  }

  async switchTo(target: string): Promise<void> {
    await this.#link(target);
    await rename(this.#newLink, this.#path);
    await sync(dirname(this.#path));
  }

  async remove(path: string): Promise<void> {
    // First out of sight: one that is half removed must not count as whole.
    const hidden = `${path}.removing-${randomUUID().slice(0, 8)}`;
    try {
      await rename(path, hidden);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return;
      throw error;
    }
    await rm(hidden, { recursive: true, force: true, maxRetries: 2 });
  }

  get #newLink(): string {
    return `${this.#path}.new`;
  }

  /** A version by its name goes by a relative link: the whole may be mounted elsewhere. */
  async #link(target: string): Promise<void> {
    await rm(this.#newLink, { force: true });
    const isName = !target.includes("/");
    await symlink(isName ? `${basename(this.#folder)}/${target}` : target, this.#newLink);
  }
}

/** The scripts of a folder that was moved name their Python by its old place, which leads elsewhere soon. */
async function renameInterpreter(bin: string, before: string): Promise<void> {
  for (const name of await readdir(bin)) {
    const file = join(bin, name);
    const found = await lstat(file);
    if (!found.isFile() || found.size > 1024 * 1024) continue;
    const text = await readFile(file, "latin1");
    if (!text.startsWith(`#!${before}/`)) continue;
    await writeFile(`${file}.new`, `#!${bin}/${text.slice(before.length + 3)}`, {
      encoding: "latin1",
      mode: found.mode,
    });
    await rename(`${file}.new`, file);
  }
}

async function sync(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

const textOf = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch(() => undefined);
