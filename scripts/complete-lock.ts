// To run after each change of the dependencies. Where a package registry or mirror lacks the binaries
// for other systems, npm leaves them out of package-lock.json, and `npm ci` then refuses its own lock
// as incomplete. This writes them back; none is ever downloaded on Linux with glibc, x64 or arm64.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

interface Locked {
  version?: string;
  dev?: boolean;
  optional?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

const systems = ["android", "darwin", "freebsd", "openharmony", "win32"];
const otherCpus = ["arm", "ppc64", "riscv64", "s390x"];

/** What keeps the package from being installed on our systems, read from its name, as cli-linux-x64-musl. */
function limits(name: string): Pick<Locked, "os" | "cpu" | "libc"> | undefined {
  const parts = name.split(/[/-]/);
  const find = (known: string[]): string | undefined => known.find((word) => parts.includes(word));
  const os = find(systems);
  if (os !== undefined) return { os: [os] };
  const cpu = find(otherCpus);
  if (cpu !== undefined) return { cpu: [cpu], os: ["linux"] };
  return parts.includes("musl") ? { os: ["linux"], libc: ["musl"] } : undefined;
}

const file = join(import.meta.dirname, "..", "package-lock.json");
const lock: { packages: Record<string, Locked> } = JSON.parse(readFileSync(file, "utf8"));
const added: string[] = [];
for (const [path, parent] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const place = `node_modules/${name}`;
    if (`${path}/${place}` in lock.packages || place in lock.packages || !/^\d/.test(version))
      continue;
    const limited = limits(name);
    if (limited === undefined)
      throw new Error(`${name} is missing from the lock and is for this system: run npm install`);
    lock.packages[place] = {
      version,
      ...(parent.dev === true ? { dev: true } : {}),
      optional: true,
      ...limited,
    };
    added.push(name);
  }
}
const sorted = Object.entries(lock.packages).toSorted(([a], [b]) => a.localeCompare(b, "en"));
writeFileSync(
  file,
  `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`,
);
console.log(`${added.length} packages for other systems added to package-lock.json`);
