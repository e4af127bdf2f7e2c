/** supervisord from PyPI, in a folder of its own. */
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { complete } from "../complete.ts";
import { tools } from "../places.ts";
import { spawnDetached } from "../spawn-detached.ts";
import type { Ground, Launched, Peer } from "./peer.ts";

const version = "4.3.0";
const home = join(tools, `supervisor-${version}`);

export async function supervisord(signal: AbortSignal): Promise<Peer> {
  const about = "import sys; print(sys.executable); print(*sys.version_info[:3], sep='.')";
  // The interpreter itself: a shim in PATH would be part of the start.
  const answer = await complete("python3", ["-c", about], { signal });
  const [python = "", pythonVersion = ""] = answer.split("\n");
  if (!existsSync(home)) await install(python, signal);
  return {
    name: "supervisord",
    version: `${version}, Python ${pythonVersion}`,
    settings: "`startsecs=0`",
    prepare,
    launch: (ground) => launch(python, ground),
  };
}

async function install(python: string, signal: AbortSignal): Promise<void> {
  const folder = `${home}.new`;
  const target = ["--target", folder, "--no-deps", `supervisor==${version}`];
  await rm(folder, { recursive: true, force: true });
  await mkdir(tools, { recursive: true });
  try {
    await complete(python, ["-m", "pip", "install", "--quiet", ...target], { signal });
  } catch (error) {
    signal.throwIfAborted();
    await complete("uv", ["pip", "install", "--quiet", "--python", python, ...target], {
      signal,
    }).catch(() => {
      throw error;
    });
  }
  await rename(folder, home);
}

const configFile = ({ folder }: Ground): string => join(folder, "supervisord.conf");

async function prepare(ground: Ground): Promise<void> {
  const { folder, units } = ground;
  const programs = units.map(
    ({ name, script }) =>
      `[program:${name}]\ncommand=${script}\nautorestart=true\nstartsecs=0\nstdout_logfile=${join(folder, name)}.log\nredirect_stderr=true\n`,
  );
  const own = `[supervisord]\nnodaemon=true\npidfile=${folder}/supervisord.pid\nlogfile=${folder}/supervisord.log\nchildlogdir=${folder}\nminfds=16384\nuser=${String(process.getuid?.() ?? 0)}\n`;
  await writeFile(configFile(ground), [own, ...programs].join("\n"));
}

async function launch(python: string, ground: Ground): Promise<Launched> {
  const { folder: cwd, env, log } = ground;
  const { pid, signal } = await spawnDetached(
    [python, "-m", "supervisor.supervisord", "-c", configFile(ground)],
    { cwd, log, env: { ...env, PYTHONPATH: home } },
  );
  return { pid, stop: () => signal("SIGTERM") };
}
