/** What of others is shipped, by package-lock.json: all that is bundled, and one Node. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { type Architecture, architectures } from "./architectures.ts";

export interface Shipped {
  readonly name: string;
  readonly version: string;
  /** By SPDX. */
  readonly license: string;
  /** As npm writes it: `sha512-` and Base64. */
  readonly integrity: string;
  /** Below the checkout: `node_modules/zod`. */
  readonly folder: string;
}

/** Those that may be passed on in a product under Apache-2.0, with their text beside it. */
export const allowedLicenses: readonly string[] = [
  ...["Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"],
];

const locked = z.object({
  name: z.string().optional(),
  version: z.string().optional(),
  license: z.string().optional(),
  integrity: z.string().optional(),
  dev: z.boolean().optional(),
  optional: z.boolean().optional(),
  hasInstallScript: z.boolean().optional(),
});

const lockShape = z.object({ packages: z.record(z.string(), locked) });

export type Locked = z.infer<typeof locked>;

export async function readLock(root: string): Promise<ReadonlyMap<string, Locked>> {
  const text = await readFile(join(root, "package-lock.json"), "utf8");
  const { packages } = lockShape.parse(JSON.parse(text));
  return new Map(Object.entries(packages).filter(([folder]) => folder !== ""));
}

const nodeFolder = (architecture: Architecture): string =>
  `node_modules/node-linux-${architectures[architecture]}`;

export function shippedNode(
  lock: ReadonlyMap<string, Locked>,
  architecture: Architecture,
): Shipped {
  const folder = nodeFolder(architecture);
  const entry = lock.get(folder);
  if (entry === undefined) throw new Error(`package-lock.json does not have ${folder}`);
  return shippedAs(folder, entry);
}

/** Sorted by name; Node is the last. */
export function allShipped(
  lock: ReadonlyMap<string, Locked>,
  architecture: Architecture,
): readonly Shipped[] {
  const bundled = [...lock]
    .filter(([, { dev, optional }]) => dev !== true && optional !== true)
    .map(([folder, entry]) => shippedAs(folder, entry))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return [...bundled, shippedNode(lock, architecture)];
}

function shippedAs(folder: string, entry: Locked): Shipped {
  const { version, license, integrity } = entry;
  const name = entry.name ?? folder.replace(/^.*node_modules\//, "");
  if (version === undefined || license === undefined || integrity === undefined) {
    throw new Error(`package-lock.json lacks the version, licence or integrity of ${name}`);
  }
  return { name, version, license, integrity, folder };
}

/** The text that comes with it. */
export async function licenseText(folder: string): Promise<string> {
  const name = (await readdir(folder)).find((file) => /^licen[cs]e(\.|$)/i.test(file));
  if (name === undefined) throw new Error(`${folder} has no file with its licence`);
  return readFile(join(folder, name), "utf8");
}
