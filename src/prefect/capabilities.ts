/** What the command line of the installed Prefect can do: asked of it, never assumed from its version. */
import type { CommandRequest, RunCommand } from "./ports.ts";

export interface Capabilities {
  readonly version: string;
  /** `worker start --no-create-pool-if-not-found`: not in 3.6.4. */
  readonly canLeavePoolsAlone: boolean;
}

export type Asked =
  | { readonly kind: "known"; readonly capabilities: Capabilities }
  | { readonly kind: "failed"; readonly why: string };

/** Seconds of CPU, so ask once for each environment. */
export async function askCapabilities(
  run: RunCommand,
  program: string,
  request: Omit<CommandRequest, "command">,
): Promise<Asked> {
  // Wide enough that no option is broken over two lines of the help.
  const env = { ...request.env, COLUMNS: "500", TERM: "dumb" };
  const ask = (...words: readonly string[]) =>
    run({ ...request, env, command: [program, ...words] });
  const [version, help] = await Promise.all([ask("--version"), ask("worker", "start", "--help")]);
  for (const [words, result] of [
    ["--version", version],
    ["worker start --help", help],
  ] as const) {
    if (!result.isOk) {
      const last = result.output.trim().split("\n").at(-1) ?? "";
      return { kind: "failed", why: `\`${program} ${words}\` ${result.how}: ${last}` };
    }
  }
  return {
    kind: "known",
    capabilities: {
      version: version.output.trim().split("\n").at(-1) ?? "",
      // The help is 80 columns wide and breaks the longer form of the option in two.
      canLeavePoolsAlone: help.output.includes("--create-pool-if-not-found"),
    },
  };
}
