/** What this machine gives to a container: the tree that it boots from, what is bound into it, cgroups. */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { delimiter, dirname, join, relative, resolve } from "node:path";

export const containerTree = resolve(
  process.env["SAILS_TEST_SYSTEMD_ROOT"] ?? ".tools/systemd-root",
);

/** Why no systemd can be booted in a container here; undefined if one can. */
export function whyNoContainer(): string | undefined {
  if (process.getuid?.() !== 0) return "a container can only be booted by root";
  if (!isProgram("systemd-nspawn")) return "systemd-nspawn is not on this machine";
  if (!existsSync(join(containerTree, "etc/sails-test-root"))) {
    return `there is no systemd to boot in ${containerTree}: scripts/test builds it`;
  }
  const mounts = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
  if (mounts.status !== 0) return "file systems may not be mounted on this machine";
  const [cgroup] = cgroupsOfContainer("probe");
  if (cgroup === undefined) return "systemd's cgroups are not mounted on this machine";
  const isPrivate = bindings().find((path) => (statSync(path).mode & 0o005) !== 0o005);
  return isPrivate && `an ordinary user may not read ${isPrivate}`;
}

const isProgram = (name: string): boolean =>
  (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));

/** Bound read-only at the same places: the checkout, what links in it lead to, and the Python of its environments. */
export function bindings(): readonly string[] {
  const checkout = process.cwd();
  const environments = process.env["SAILS_TEST_ENVIRONMENTS"] ?? ".tools/test-environments";
  const links = ["node_modules", ".tools", environments].map((path) => resolve(checkout, path));
  const all = [checkout, ...links.flatMap(realFolder), ...pythons(resolve(environments))];
  const isInside = (path: string, folder: string): boolean =>
    path !== folder && !relative(folder, path).startsWith("..");
  return [...new Set(all)].filter((path) => !all.some((folder) => isInside(path, folder)));
}

const realFolder = (path: string): readonly string[] =>
  existsSync(path) ? [realpathSync(path)] : [];

/** That of the system lies in the container's tree too. */
function pythons(environments: string): readonly string[] {
  if (!existsSync(environments)) return [];
  return readdirSync(environments)
    .map((name) => join(environments, name, "bin/python"))
    .filter((python) => existsSync(python))
    .map((python) => dirname(dirname(realpathSync(python))))
    .filter((prefix) => prefix !== "/usr");
}

/** Folders for a container of this name, beside us in each hierarchy that systemd divides. */
export function cgroupsOfContainer(name: string): readonly string[] {
  const own = readFileSync("/proc/self/cgroup", "utf8");
  const pathIn = (hierarchy: RegExp): string | undefined => hierarchy.exec(own)?.[1];
  const mounts = execFileSync("findmnt", ["--raw", "--noheadings", "-o", "TARGET,FSTYPE,OPTIONS"], {
    encoding: "utf8",
  });
  return mounts.split("\n").flatMap((line) => {
    const [target = "", type, options = ""] = line.split(" ");
    const path =
      type === "cgroup2"
        ? pathIn(/^0::(.*)$/m)
        : type === "cgroup" && options.includes("name=systemd")
          ? pathIn(/:name=systemd:(.*)$/m)
          : undefined;
    return path === undefined ? [] : [join(target, path, `sails-${name}`)];
  });
}
