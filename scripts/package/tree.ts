/** What lies where after an install: by paths from the root of the file system, without the first slash. */
import { glob, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { commandTree } from "../../src/cli/command-tree.ts";
import { shells } from "../../src/cli/completion.ts";
import { bundle } from "../build.ts";
import type { Architecture } from "./architectures.ts";
import { commandPage } from "./command-page.ts";
import { configPage } from "./config-page.ts";
import { copyrightFile } from "./copyright.ts";
import { nodePackage } from "./node-package.ts";
import { programToRead } from "./program.ts";
import { billOfMaterials, type Product } from "./sbom.ts";
import { allShipped, licenseText, readLock, type Shipped, shippedNode } from "./shipped.ts";

export type Entry =
  | { readonly kind: "text"; readonly content: string | Uint8Array; readonly isProgram?: boolean }
  | { readonly kind: "file"; readonly from: string; readonly isProgram?: boolean }
  | { readonly kind: "link"; readonly to: string };

export type Tree = ReadonlyMap<string, Entry>;

export const library = "usr/lib/sails-supervisor";
export const documents = "usr/share/doc/sails-supervisor";
export const configFile = "etc/sails-supervisor/config.yaml";

/** @param root the checkout */
export async function treeOf(
  root: string,
  product: Product,
  architecture: Architecture,
): Promise<Tree> {
  const lock = await readLock(root);
  const node = await nodePackage(root, shippedNode(lock, architecture));
  const shipped = allShipped(lock, architecture);
  const program = await bundle(product.version);
  return new Map<string, Entry>([
    [
      "usr/bin/sails-supervisor",
      { kind: "link", to: "../lib/sails-supervisor/bin/sails-supervisor" },
    ],
    ...[...program].map(([path, content]) => [`${library}/dist/${path}`, text(content)] as const),
    ...(await files(root, "bin/*", `${library}/bin`, true)),
    ...(await files(root, "libexec/*", `${library}/libexec`, true)),
    [`${library}/node/bin/node`, { kind: "file", from: join(node, "bin/node"), isProgram: true }],
    [configFile, { kind: "file", from: join(root, "packaging/config.yaml") }],
    [
      "usr/lib/sysusers.d/sails-supervisor.conf",
      { kind: "file", from: join(root, "packaging/sysusers.conf") },
    ],
    ...(await files(root, "systemd/*.service", "usr/lib/systemd/system")),
    ...(await files(root, "systemd/*.catalog", "usr/lib/systemd/catalog")),
    ...(await files(root, "monitoring/**", "usr/share/sails-supervisor/monitoring")),
    ["usr/share/man/man8/sails-supervisor.8.gz", zipped(commandPage(product))],
    ["usr/share/man/man5/sails-supervisor.yaml.5.gz", zipped(configPage(product))],
    ...completions(),
    ...(await files(root, "docs/**", `${documents}/docs`)),
    [`${documents}/README.md`, { kind: "file", from: join(root, "README.md") }],
    [`${documents}/changelog.gz`, zipped(await readFile(join(root, "CHANGELOG.md"), "utf8"))],
    [`${documents}/copyright`, text(await copyright(root, product, shipped, node))],
    [`${documents}/sbom.cdx.json`, text(billOfMaterials(product, shipped))],
  ]);
}

const text = (content: string | Uint8Array): Entry => ({ kind: "text", content });

/** Neither a time nor a name stands in it. */
const zipped = (content: string): Entry => text(gzipSync(content, { level: 9 }));

/** @param pattern a folder and `*`, or `**` for all that is below it */
async function files(
  root: string,
  pattern: string,
  to: string,
  arePrograms = false,
): Promise<readonly (readonly [string, Entry])[]> {
  const base = dirname(pattern.replace("/**", "/*"));
  const found = await Array.fromAsync(glob(pattern, { cwd: root, withFileTypes: true }));
  return found
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const from = join(parentPath, name);
      const below = from.slice(join(root, base).length + 1);
      return [join(to, below), { kind: "file", from, isProgram: arePrograms }] as const;
    });
}

const completionFiles = {
  bash: "usr/share/bash-completion/completions/sails-supervisor",
  zsh: "usr/share/zsh/vendor-completions/_sails-supervisor",
  fish: "usr/share/fish/vendor_completions.d/sails-supervisor.fish",
} as const;

function completions(): readonly (readonly [string, Entry])[] {
  const tree = commandTree(programToRead());
  return (["bash", "zsh", "fish"] as const).map((shell) => [
    completionFiles[shell],
    text(shells[shell](tree)),
  ]);
}

async function copyright(
  root: string,
  product: Product,
  shipped: readonly Shipped[],
  node: string,
): Promise<string> {
  const own = { ...product, text: await readFile(join(root, "LICENSE"), "utf8") };
  const licensed = shipped.map(async (one) => {
    const folder = basename(one.folder).startsWith("node-linux-") ? node : join(root, one.folder);
    return { ...one, text: await licenseText(folder) };
  });
  return copyrightFile(own, await Promise.all(licensed));
}
