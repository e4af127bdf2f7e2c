/** `npm run package`: the packages for Debian and Ubuntu, and an archive for other distributions, in packages/. */
import { execFileSync } from "node:child_process";
import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import manifest from "../package.json" with { type: "json" };
import { type Architecture, architectures, isArchitecture } from "./package/architectures.ts";
import { buildArchive } from "./package/archive.ts";
import { buildDeb, type Compression } from "./package/deb.ts";
import type { Product } from "./package/sbom.ts";
import { treeOf } from "./package/tree.ts";

const root = join(import.meta.dirname, "..");

const help = `usage: npm run package -- [OPTION...]
  --architecture amd64|arm64   only this one; may be given twice
  --format deb|archive         only this one
  --output DIR                 (packages)
  --compression xz|none        none: large, and quick to make
  --package-version VERSION    another one than package.json has, for tests of upgrades`;

const { values } = parseArgs({
  options: {
    architecture: { type: "string", multiple: true, default: Object.keys(architectures) },
    format: { type: "string", multiple: true, default: ["deb", "archive"] },
    output: { type: "string", default: join(root, "packages") },
    compression: { type: "string", default: "xz" },
    "package-version": { type: "string", default: manifest.version },
    help: { type: "boolean", short: "h", default: false },
  },
});

if (values.help) {
  console.log(help);
  process.exit();
}

const product: Product = {
  name: manifest.name,
  version: values["package-version"],
  license: manifest.license,
  date: dateOfCommit(),
};
await mkdir(values.output, { recursive: true });
for (const architecture of values.architecture.map(known)) {
  const tree = await treeOf(root, product, architecture);
  const packaging = {
    root,
    product,
    architecture,
    compression: compressionOf(values.compression),
    output: values.output,
  };
  for (const format of values.format) {
    const build = { deb: buildDeb, archive: buildArchive }[format];
    if (build === undefined) refuse(`${format} is no format`);
    const file = await build(tree, packaging);
    console.log(`${file}  ${((await stat(file)).size / 1e6).toFixed(1)} MB`);
  }
}

/** Of what the package is made from, by the rules of https://reproducible-builds.org/specs/source-date-epoch */
function dateOfCommit(): Date {
  const seconds =
    process.env["SOURCE_DATE_EPOCH"] ??
    execFileSync("git", ["log", "-1", "--format=%ct"], { cwd: root, encoding: "utf8" });
  return new Date(Number(seconds) * 1000);
}

function known(name: string): Architecture {
  return isArchitecture(name)
    ? name
    : refuse(`${name} is no architecture that there are packages for`);
}

function compressionOf(name: string): Compression {
  return name === "xz" || name === "none" ? name : refuse(`${name} is no compression`);
}

function refuse(why: string): never {
  console.error(`error: ${why}\n${help}`);
  process.exit(2);
}
