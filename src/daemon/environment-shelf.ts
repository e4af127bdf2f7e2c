/** The environments beside each other at one path: which there are, which is current, what is remembered. */
import type { EnvironmentUse } from "../control/status.ts";
import type { Place, VersionStore } from "../prefect/environment/ports.ts";
import {
  adoptedPrefix,
  removableVersions,
  type Version,
  versionsOf,
} from "../prefect/environment/versions.ts";
import { usesOf } from "./environment-status.ts";
import type { Memory } from "./memory.ts";

export interface ShelfDeps {
  readonly memory: Pick<Memory, "now" | "change">;
  readonly storeAt: (path: string) => VersionStore;
  /** Six hex digits that no other name ends with. */
  readonly suffix: () => string;
  readonly foldersInUse: (folders: readonly string[]) => ReadonlySet<string>;
  /** The real paths of the environments that flow runs run in, one for each run. */
  readonly runsIn: () => readonly string[];
  /** The link leads elsewhere: what is started from now on starts there, and what runs is replaced. */
  readonly switched: () => Promise<void>;
  readonly log: (level: "info" | "warn", message: string) => void;
}

type Remembered = Memory["now"]["environment"];

export class EnvironmentShelf {
  readonly path: string;
  readonly store: VersionStore;
  readonly #deps: ShelfDeps;
  #place: Place = { kind: "absent" };
  #versions: readonly Version[] = [];
  /** What the units were declared with. */
  #inUse: string | undefined;

  constructor(path: string, deps: ShelfDeps) {
    this.path = path;
    this.store = deps.storeAt(path);
    this.#deps = deps;
  }

  get place(): Place {
    return this.#place;
  }

  get versions(): readonly Version[] {
    return this.#versions;
  }

  get current(): Version | undefined {
    const name = this.#place.kind === "link" ? this.#place.version : undefined;
    return this.#versions.find((version) => version.name === name);
  }

  /** The name of a version, or where a link of somebody's led. */
  get previous(): string | undefined {
    const { previous } = this.remembered;
    return previous === this.current?.name ? undefined : previous;
  }

  get remembered(): Remembered {
    const { environment } = this.#deps.memory.now;
    return environment.path === this.path ? environment : {};
  }

  /** Whether one is kept only because something runs in it. */
  get holdsOld(): boolean {
    const [versions, current, previous] = [this.#versions, this.current?.name, this.previous];
    return removableVersions({ versions, current, previous, inUse: new Set() }).length > 0;
  }

  /** The newest first, and who uses each. */
  get uses(): readonly { version: Version; use: EnvironmentUse; runs: number }[] {
    const { versions, current, previous } = this;
    return usesOf({ versions, current, previous, runsIn: this.#deps.runsIn() });
  }

  async remember(change: Partial<Remembered>): Promise<void> {
    const environment = { ...this.remembered, path: this.path, ...change };
    await this.#deps.memory.change({ environment });
  }

  /** Before units are declared from it: a folder at the path itself becomes one beside others. */
  async takeOver(): Promise<void> {
    await this.store.heal();
    const { kind } = await this.store.place();
    if (kind === "folder") {
      const name = `${adoptedPrefix}${this.#deps.suffix()}`;
      await this.store.adopt(name);
      const what = `the Python environment at ${this.path} is kept as ${this.path}.versions/${name}`;
      this.#deps.log("info", `${what}; ${this.path} leads to it, until a new one is built`);
    }
    await this.look();
  }

  async look(): Promise<void> {
    const [place, found] = await Promise.all([this.store.place(), this.store.found()]);
    this.#place = place;
    this.#versions = versionsOf(found);
  }

  /** @param hold what keeps it there, although something else is declared */
  async switchTo(to: string, hold: Remembered["hold"]): Promise<void> {
    await this.remember({ previous: folderOf(this.#place), hold });
    await this.store.switchTo(to);
    await this.look();
    const why = hold === undefined ? "it is what the lock says" : "an operator went back";
    this.#deps.log("info", `the Python environment is ${to} now: ${why}. Flow runs keep theirs`);
    await this.followLink();
  }

  /** Units are being declared with what the link leads to now. */
  isDeclared(): void {
    this.#inUse = folderOf(this.#place);
  }

  /** Whoever has changed the link. */
  async followLink(): Promise<void> {
    const folder = folderOf(this.#place);
    if (folder === this.#inUse) return;
    this.#inUse = folder;
    await this.#deps.switched();
  }

  /** Removes what nobody needs any more. */
  async clean(): Promise<void> {
    const needs = {
      versions: this.#versions,
      current: this.current?.name,
      previous: this.previous,
      inUse: new Set(this.#deps.runsIn()),
    };
    const candidates = removableVersions(needs).map(({ path }) => path);
    const inUse = new Set([...needs.inUse, ...this.#deps.foldersInUse(candidates)]);
    for (const { name, path } of removableVersions({ ...needs, inUse })) {
      await this.store.remove(path);
      this.#deps.log("info", `removed the Python environment ${name}: nothing runs in it any more`);
    }
    await this.look();
  }
}

/** What a link leads to, by which it is seen that it leads elsewhere. */
const folderOf = (place: Place): string | undefined =>
  place.kind === "link" ? (place.version ?? place.target) : undefined;
