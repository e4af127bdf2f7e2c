/** The subtree of cgroups that systemd delegated to the daemon (`Delegate=yes`). */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { errnoOf, messageOf } from "./errno.ts";
import { UnitCgroup } from "./unit-cgroup.ts";

const ownLeaf = "supervisor";

export class CgroupTree {
  readonly root: string;
  readonly #report: (trouble: string) => void;
  readonly #units = new Map<string, UnitCgroup>();

  constructor(root: string, report: (trouble: string) => void) {
    this.root = root;
    this.#report = report;
  }

  /**
   * Moves the daemon into a leaf of its own; throws where the subtree is not ours. No controller is
   * enabled for the units: with one, and children that outlive the daemon, systemd could not start
   * the next daemon (status 219/CGROUP, systemd#24064).
   */
  occupy(): void {
    const leaf = join(this.root, ownLeaf);
    mkdirSync(leaf, { recursive: true });
    writeFileSync(join(leaf, "cgroup.procs"), String(process.pid));
  }

  /** For cgroups that others make in it; undefined if it cannot be made. */
  folder(name: string): string | undefined {
    const path = join(this.root, name);
    try {
      mkdirSync(path, { recursive: true });
      return path;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      this.#report(`there are no cgroups for ${name}: ${messageOf(error)}`);
      return undefined;
    }
  }

  /** Undefined if it cannot be made: the unit runs all the same, and is ended by its group. */
  unit(name: string): UnitCgroup | undefined {
    const known = this.#units.get(name);
    if (known !== undefined) return known;
    try {
      const made = new UnitCgroup(join(this.root, name.replaceAll("/", "%2F")));
      this.#units.set(name, made);
      return made;
    } catch (error) {
      if (errnoOf(error) === undefined) throw error;
      this.#report(`${name} runs without a cgroup: ${messageOf(error)}`);
      return undefined;
    }
  }
}

/** Where our own cgroup lies; undefined without cgroup v2. */
export const findOwnCgroup = (): string | undefined =>
  locateCgroup(
    readFileSync("/proc/self/mountinfo", "utf8"),
    readFileSync("/proc/self/cgroup", "utf8"),
  );

/** The root of the subtree, also for a daemon that already sits in its leaf: it has been re-executed. */
export const rootFor = (own: string): string => (basename(own) === ownLeaf ? dirname(own) : own);

export function locateCgroup(mountinfo: string, cgroup: string): string | undefined {
  const own = /^0::(\/.*)$/m.exec(cgroup)?.[1];
  if (own === undefined) return undefined;
  for (const line of mountinfo.split("\n")) {
    // proc(5): …, root, mount point, options, any number of tags, `-`, type, …
    const [mount = "", type = ""] = line.split(" - ");
    const [root, point] = mount.split(" ").slice(3, 5);
    if (!type.startsWith("cgroup2 ") || root === undefined || point === undefined) continue;
    const inside = relative(root, own);
    if (!inside.startsWith("..")) return join(unescapeMount(point), inside);
  }
  return undefined;
}

/** Spaces and the like are written as `\040`. */
const unescapeMount = (path: string): string =>
  path.replaceAll(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
