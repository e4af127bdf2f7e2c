/** A package of Debian's, by dpkg-deb alone. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type { Architecture } from "./architectures.ts";
import type { Product } from "./sbom.ts";
import { stage } from "./stage.ts";
import { configFile, type Tree } from "./tree.ts";

const run = promisify(execFile);

export type Compression = "xz" | "none";

export interface Packaging {
  readonly root: string;
  readonly product: Product;
  readonly architecture: Architecture;
  readonly compression: Compression;
  /** Where the package goes. */
  readonly output: string;
}

/** Returns its path. */
export async function buildDeb(tree: Tree, packaging: Packaging): Promise<string> {
  const { product, architecture, compression, output } = packaging;
  const folder = await mkdtemp(join(tmpdir(), "sails-deb-"));
  try {
    await stage(tree, folder, product.date);
    await writeControl(tree, folder, packaging);
    const file = join(output, `${product.name}_${product.version}_${architecture}.deb`);
    // One thread: what several make may depend on the machine.
    const options = ["--root-owner-group", "--uniform-compression", `-Z${compression}`];
    const seconds = String(product.date.getTime() / 1000);
    await run("dpkg-deb", [...options, "--threads-max=1", "--build", folder, file], {
      env: { ...process.env, SOURCE_DATE_EPOCH: seconds },
    });
    return file;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function writeControl(tree: Tree, folder: string, packaging: Packaging): Promise<void> {
  const control = join(folder, "DEBIAN");
  await mkdir(control);
  await chmod(control, 0o755);
  const write = async (name: string, content: string, mode = 0o644): Promise<void> => {
    await writeFile(join(control, name), content);
    await chmod(join(control, name), mode);
  };
  const files = [...tree].filter(([, { kind }]) => kind !== "link").map(([path]) => path);
  const sums = files.toSorted().map(async (path) => `${await md5(join(folder, path))}  ${path}\n`);
  await write("md5sums", (await Promise.all(sums)).join(""));
  await write("conffiles", `/${configFile}\n`);
  await write("control", controlFile(packaging, await kibibytes(files, folder)));
  for (const script of ["preinst", "postinst", "prerm", "postrm"]) {
    await write(script, await maintainerScript(packaging.root, script), 0o755);
  }
}

function controlFile({ product, architecture }: Packaging, installedSize: number): string {
  return [
    `Package: ${product.name}`,
    `Version: ${product.version}`,
    `Architecture: ${architecture}`,
    "Maintainer: The maintainers of sails-supervisor <maintainers@users.noreply.example>",
    `Installed-Size: ${installedSize}`,
    // What Node's own binary is linked to. All else that it needs it brings.
    "Depends: libc6 (>= 2.28), libgcc-s1, libstdc++6 (>= 8)",
    // Without them Prefect is not to be had, and there is no unit to start.
    "Recommends: systemd, python3 (>= 3.10), procps",
    "Suggests: postgresql-client",
    "Section: admin",
    "Priority: optional",
    "Description: supervisor of a self-hosted Prefect installation",
    " Runs Prefect's server, one worker for each work pool, their pools and deployments",
    " as one unit of systemd, and keeps flow runs alive through its own upgrades.",
    " .",
    " It brings its own Node.",
    "",
  ].join("\n");
}

/** As dpkg counts. */
async function kibibytes(files: readonly string[], folder: string): Promise<number> {
  const sizes = await Promise.all(files.map(async (path) => (await stat(join(folder, path))).size));
  return sizes.reduce((sum, size) => sum + Math.ceil(size / 1024), 0);
}

/** preinst runs before any file of the package is there: so each has all that it needs within it. */
async function maintainerScript(root: string, name: string): Promise<string> {
  const read = (file: string): Promise<string> => readFile(join(root, "packaging", file), "utf8");
  const needsShared = name === "preinst" || name === "postinst";
  const shared = needsShared ? `${await read("upgrade.sh")}\n` : "";
  return `#!/bin/sh\nset -e\n${shared}${await read(name)}`;
}

async function md5(file: string): Promise<string> {
  const hash = createHash("md5");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
}
