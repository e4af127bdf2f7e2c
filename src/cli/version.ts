/** `version`, and what the daemon says of itself. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import type { Context } from "./context.ts";
import { exitStatus } from "./exit-status.ts";

export const version: string = manifest.version;

export async function showVersion(
  { out }: Context,
  { json }: { readonly json?: boolean },
): Promise<number> {
  const revision = await findRevision();
  const node = process.version.slice(1);
  await out.write(
    json
      ? `${JSON.stringify({ version, node, revision: revision ?? null })}\n`
      : `sails-supervisor ${version}${revision === undefined ? "" : ` (${revision})`}, Node ${node}\n`,
  );
  return exitStatus.done;
}

/** Of the checkout that we run from, if it is one: the bundle is one folder below it, as are the sources' two. */
async function findRevision(): Promise<string | undefined> {
  for (const steps of ["..", "../..", "../../.."]) {
    const revision = await revisionIn(join(import.meta.dirname, steps, ".git"));
    if (revision !== undefined) return revision;
  }
  return undefined;
}

async function revisionIn(git: string): Promise<string | undefined> {
  try {
    const head = (await readFile(join(git, "HEAD"), "utf8")).trim();
    const ref = /^ref: (.+)$/.exec(head)?.[1];
    return ref === undefined ? head : await revisionOf(git, ref);
  } catch {
    return undefined;
  }
}

async function revisionOf(git: string, ref: string): Promise<string | undefined> {
  try {
    return (await readFile(join(git, ref), "utf8")).trim();
  } catch {
    const packed = await readFile(join(git, "packed-refs"), "utf8");
    return packed
      .split("\n")
      .find((line) => line.endsWith(` ${ref}`))
      ?.split(" ")[0];
  }
}
