/** This supervisor in its release form: the bundle, started by bin/sails-supervisor. */
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import packageFile from "../../package.json" with { type: "json" };
import { findFreePort } from "../../src/host/free-port.ts";
import { complete } from "../complete.ts";
import { root } from "../places.ts";
import { spawnDetached } from "../spawn-detached.ts";
import type { Ground, Launched, Peer } from "./peer.ts";

const program = join(root, "bin/sails-supervisor");
const bundle = join(root, "dist/sails-supervisor.js");

export async function ours(signal: AbortSignal): Promise<Peer> {
  await complete(process.execPath, [join(root, "scripts/build.ts")], { signal });
  return {
    name: "ours",
    version: `${packageFile.version}, Node ${process.versions.node}`,
    settings: "the bundle, `stable_after: 50ms`",
    prepare,
    launch,
  };
}

const configFile = ({ folder }: Ground): string => join(folder, "config.yaml");

async function prepare(ground: Ground): Promise<void> {
  const { folder, units, mark } = ground;
  const configuration = {
    state_dir: join(folder, "state"),
    web: { listen: `127.0.0.1:${await findFreePort()}` },
    server: { enabled: false },
    services: units.map(({ name, script }) => ({
      name,
      command: [script],
      env: mark,
      stable_after: "50ms",
    })),
  };
  // JSON is YAML.
  await writeFile(configFile(ground), JSON.stringify(configuration));
}

async function launch(ground: Ground): Promise<Launched> {
  const { folder: cwd, env, log } = ground;
  const options = { cwd, env, log };
  const { pid, signal } = await spawnDetached(
    [program, "run", "--config", configFile(ground)],
    options,
  );
  return {
    pid,
    stop: () => {
      // bin/sails-supervisor runs a source that is newer than the bundle: that is slower.
      const isBundle = readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(bundle);
      if (!isBundle) throw new Error("the sources have changed since they were bundled");
      return signal("SIGTERM");
    },
  };
}
