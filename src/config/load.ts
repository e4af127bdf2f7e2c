/** The door to the configuration. */
import type { Config } from "./config.ts";
import type { Surroundings } from "./defaults.ts";
import type { Entry } from "./effective.ts";
import type { Fault } from "./fault.ts";
import type { Origin } from "./origin.ts";
import type { LookAt } from "./text-file.ts";

export interface LoadOptions extends Surroundings {
  /** What --config says. */
  readonly file?: string | undefined;
  /** Read if it is there and neither --config nor SAILS_CONFIG names another. */
  readonly defaultFile?: string | undefined;
  /** Looks at what may lie on a mount that hangs; without it the process that loads does so itself. */
  readonly look?: LookAt;
  /** What relative paths of flags and variables start from. */
  readonly cwd: string;
}

export type Loaded =
  | {
      readonly kind: "loaded";
      readonly config: Config;
      /** For `config show`; secrets are hidden. */
      readonly entries: readonly Entry[];
      /** By key: `pools[0].name`. */
      readonly origins: ReadonlyMap<string, Origin>;
      readonly warnings: readonly Fault[];
    }
  | {
      readonly kind: "faulty";
      /** All of them, in the order of the file. */
      readonly faults: readonly Fault[];
      readonly warnings: readonly Fault[];
    };

/** Never rejects for what a user can get wrong. */
export async function loadConfig(options: LoadOptions): Promise<Loaded> {
  // The daemon needs zod and yaml for this moment only.
  const { assemble } = await import("./assemble.ts");
  return assemble(options);
}
