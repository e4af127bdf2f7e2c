/** runit out of Debian's package, unpacked and not installed. */
import { existsSync } from "node:fs";
import { mkdir, readdir, rename, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { complete } from "../complete.ts";
import { tools } from "../places.ts";
import { spawnDetached } from "../spawn-detached.ts";
import type { Ground, Launched, Peer } from "./peer.ts";

const home = join(tools, "runit");
const binaries = join(home, "root/usr/bin");

export async function runit(signal: AbortSignal): Promise<Peer> {
  if (!existsSync(home)) await unpack(signal);
  const archive = join(home, await archiveIn(home));
  const version = (await complete("dpkg-deb", ["-f", archive, "Version"], { signal })).trim();
  return { name: "runit", version, settings: "`runsvdir -P`", prepare, launch };
}

async function unpack(signal: AbortSignal): Promise<void> {
  const folder = `${home}.new`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await complete("apt-get", ["-q", "download", "runit"], { cwd: folder, signal });
  const archive = await archiveIn(folder);
  await complete("dpkg-deb", ["-x", archive, "root"], { cwd: folder, signal });
  await rename(folder, home);
}

async function archiveIn(folder: string): Promise<string> {
  const archive = (await readdir(folder)).find((name) => name.endsWith(".deb"));
  if (archive === undefined) throw new Error("apt-get has downloaded nothing");
  return archive;
}

const services = ({ folder }: Ground): string => join(folder, "services");

async function prepare(ground: Ground): Promise<void> {
  await Promise.all(
    ground.units.map(async ({ name, script }) => {
      const service = join(services(ground), name);
      await mkdir(service, { recursive: true });
      await symlink(script, join(service, "run"));
    }),
  );
}

async function launch(ground: Ground): Promise<Launched> {
  const { folder: cwd, env, log } = ground;
  // runsv is found in PATH.
  const path = `${binaries}:${env["PATH"] ?? ""}`;
  const { pid, signal } = await spawnDetached(
    [join(binaries, "runsvdir"), "-P", services(ground)],
    { cwd, log, env: { ...env, PATH: path } },
  );
  // SIGTERM would leave each runsv and its unit behind.
  return { pid, stop: () => signal("SIGHUP") };
}
