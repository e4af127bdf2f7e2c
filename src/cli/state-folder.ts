/**
 * Finds the daemon by its state folder. It looks at no other key, so that it needs no schema, and a
 * configuration with faults elsewhere does not keep anybody from asking for the status.
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { readConfigFile } from "../config/config-file.ts";
import { defaultStateDir } from "../config/defaults.ts";
import { describeFault } from "../config/fault.ts";
import { absolutePath } from "../config/paths.ts";
import type { Context } from "./context.ts";

export type StateFolder =
  | { readonly kind: "found"; readonly path: string }
  | { readonly kind: "faulty"; readonly faults: readonly string[] };

type Surroundings = Pick<Context, "env" | "cwd" | "home" | "uid">;

export async function findStateFolder(
  surroundings: Surroundings,
  configFile: string | undefined,
): Promise<StateFolder> {
  const { env, cwd, home } = surroundings;
  const named = env["SAILS_STATE_DIR"];
  if (named) return found(absolutePath(named, cwd, home));
  const read = await readConfigFile({ ...surroundings, file: configFile });
  if (read.kind === "faulty") {
    const file = read.faults[0]?.file;
    const line = file === undefined ? undefined : await findLine(file);
    if (file !== undefined && line !== undefined)
      return found(absolutePath(line, dirname(file), home));
    return { kind: "faulty", faults: read.faults.map(describeFault) };
  }
  const written = read.tree["state_dir"];
  const base = read.file === undefined ? cwd : dirname(read.file);
  return found(
    typeof written === "string"
      ? absolutePath(written, base, home)
      : usualStateFolder(surroundings),
  );
}

const found = (path: string): StateFolder => ({ kind: "found", path });

/** That of the user, unless only the system's daemon is there. */
function usualStateFolder(surroundings: Surroundings): string {
  const own = defaultStateDir(surroundings).path;
  const systems = defaultStateDir({ ...surroundings, env: {}, uid: 0 }).path;
  const runs = (folder: string): boolean => existsSync(join(folder, "control.sock"));
  return !runs(own) && runs(systems) ? systems : own;
}

/** In a file that is no YAML, the line may be readable all the same. */
async function findLine(file: string): Promise<string | undefined> {
  try {
    const [, value] =
      /^state_dir:[ \t]*(?:"([^"]*)"|'([^']*)'|([^\s#]+))/m
        .exec(await readFile(file, "utf8"))
        ?.filter((group) => group !== undefined) ?? [];
    return value;
  } catch {
    return undefined;
  }
}
