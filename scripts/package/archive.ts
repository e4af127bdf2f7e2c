/** The same tree with an install.sh, as an archive for distributions without dpkg. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { architectures } from "./architectures.ts";
import type { Packaging } from "./deb.ts";
import { stage } from "./stage.ts";
import type { Entry, Tree } from "./tree.ts";

const run = promisify(execFile);

/** Returns its path. */
export async function buildArchive(tree: Tree, packaging: Packaging): Promise<string> {
  const { root, product, architecture, compression, output } = packaging;
  const name = `${product.name}-${product.version}-linux-${architectures[architecture]}`;
  const folder = await mkdtemp(join(tmpdir(), "sails-archive-"));
  try {
    const installer = (file: string, isProgram: boolean): [string, Entry] => [
      file,
      { kind: "file", from: join(root, "packaging", file), isProgram },
    ];
    const parts = new Map([
      ...[...tree].map(([path, entry]): [string, Entry] => [`tree/${path}`, entry]),
      installer("install.sh", true),
      installer("upgrade.sh", false),
    ]);
    await stage(parts, join(folder, name), product.date);
    const file = join(output, `${name}.tar${compression === "xz" ? ".xz" : ""}`);
    const owner = ["--owner=0", "--group=0", "--numeric-owner"];
    const how = compression === "xz" ? ["--use-compress-program=xz -T1 -6"] : [];
    const order = ["--sort=name", "--format=gnu"];
    await run("tar", [...order, ...owner, ...how, "-cf", file, "-C", folder, name]);
    return file;
  } finally {
    await rm(folder, { recursive: true });
  }
}
