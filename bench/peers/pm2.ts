/** PM2 from npm, on the same Node as this supervisor, driven as people drive it: by its command line. */
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { complete } from "../complete.ts";
import { ourNode } from "../our-node.ts";
import { tools } from "../places.ts";
import type { Ground, Launched, Peer } from "./peer.ts";

const version = "7.0.4";
const home = join(tools, `pm2-${version}`);
const program = join(home, "node_modules/pm2/bin/pm2");

export async function pm2(signal: AbortSignal): Promise<Peer> {
  if (!existsSync(home)) await install(signal);
  return {
    name: "pm2",
    version: `${version}, Node ${process.versions.node}`,
    settings: "fork mode, no restart delay, by its command line",
    prepare,
    launch,
  };
}

async function install(signal: AbortSignal): Promise<void> {
  const folder = `${home}.new`;
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const options = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts"];
  await complete("npm", ["install", ...options, "--prefix", folder, `pm2@${version}`], { signal });
  await rename(folder, home);
}

const ecosystem = ({ folder }: Ground): string => join(folder, "ecosystem.json");

async function prepare(ground: Ground): Promise<void> {
  const apps = ground.units.map(({ name, script }) => ({
    name,
    script,
    interpreter: "none",
    exec_mode: "fork",
  }));
  await writeFile(ecosystem(ground), JSON.stringify({ apps }));
}

async function launch(ground: Ground): Promise<Launched> {
  const { folder, signal, log } = ground;
  const pm2Home = join(folder, "pm2");
  // It starts its daemon by the Node that runs it.
  const env = { ...ground.env, PM2_HOME: pm2Home, PM2_DISABLE_VERSION_CHECK: "true" };
  const run = (...args: readonly string[]) =>
    complete(ourNode(), [program, ...args], { cwd: folder, env, signal });
  await writeFile(log, await run("start", ecosystem(ground)));
  const pid = Number(await readFile(join(pm2Home, "pm2.pid"), "utf8"));
  return { pid, stop: async () => void (await run("kill")) };
}
