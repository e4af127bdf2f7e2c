/** Finds and reads the one file; without any, the defaults stand alone. */

import type { Fault } from "./fault.ts";
import type { LoadOptions } from "./load.ts";
import { absolutePath } from "./paths.ts";
import { readText } from "./text-file.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";

export type ConfigFile =
  | ({ readonly kind: "read"; readonly file: string | undefined } & YamlSource)
  | { readonly kind: "faulty"; readonly faults: readonly Fault[] };

export async function readConfigFile(options: LoadOptions): Promise<ConfigFile> {
  const { file, mustExist, key } = chooseFile(options);
  const read = await readText(file);
  if (read.kind === "absent") {
    if (!mustExist) return { kind: "read", file: undefined, tree: {}, placeOf: () => undefined };
    const cure = "correct the path, or let init write the file";
    return { kind: "faulty", faults: [{ file, key, message: "does not exist", cure }] };
  }
  if (read.kind === "unusable") {
    return { kind: "faulty", faults: [{ file, key, message: read.message, cure: read.cure }] };
  }
  const yaml = readYaml(file, read.text);
  return yaml.kind === "faulty" ? yaml : { kind: "read", file, ...yaml.source };
}

interface Choice {
  readonly file: string;
  readonly mustExist: boolean;
  readonly key?: string;
}

function chooseFile({ file, env, cwd, home, defaultFile }: LoadOptions): Choice {
  if (file !== undefined) return { file: absolutePath(file, cwd, home), mustExist: true };
  const named = env["SAILS_CONFIG"];
  if (named !== undefined && named !== "") {
    return { file: absolutePath(named, cwd, home), mustExist: true, key: "SAILS_CONFIG" };
  }
  return { file: defaultFile ?? "/etc/sails-supervisor/config.yaml", mustExist: false };
}
