/** Says that nothing of its kind has a name, and which names there are. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { complain } from "./complain.ts";
import type { Context } from "./context.ts";
import { exitStatus } from "./exit-status.ts";
import type { Selection } from "./select-names.ts";

const mostNames = 20;

export async function complainOfUnknown(
  context: Context,
  noun: "unit" | "pool" | "job",
  { name, nearest }: Omit<Extract<Selection, { kind: "unknown" }>, "kind">,
  known: readonly string[],
): Promise<number> {
  const more = known.length > mostNames ? `, and ${known.length - mostNames} more` : "";
  const list = known.length === 0 ? "there are none" : known.slice(0, mostNames).join(", ") + more;
  const guess = nearest === undefined ? "" : ` Did you mean ${nearest}?`;
  // `restart *` reaches us as the names of the files here.
  const isFile = existsSync(resolve(context.cwd, name));
  await complain(
    context,
    `no ${noun} is called ${name}.${guess}\nThe ${noun}s: ${list}`,
    isFile && noun !== "job"
      ? `quote a pattern, or your shell makes file names of it: '${noun === "unit" ? "worker@*" : "vm-*"}'`
      : undefined,
  );
  return exitStatus.usage;
}
