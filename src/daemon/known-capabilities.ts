/** What each Prefect's command line can do, remembered: to ask costs seconds of CPU. */
import { statSync } from "node:fs";
import type { Capabilities } from "../prefect/capabilities.ts";
import type { Memory } from "./memory.ts";

/** Back to the one before must not ask again. */
const most = 4;

export const capabilitiesOf = (
  memory: Pick<Memory, "now">,
  program: string,
): Capabilities | undefined => memory.now.capabilities[key(program)];

export function keepCapabilities(
  memory: Pick<Memory, "now" | "change">,
  program: string,
  found: Capabilities,
): void {
  const others = Object.entries(memory.now.capabilities).filter(([each]) => each !== key(program));
  const kept = [...others.slice(1 - most), [key(program), found] as const];
  void memory.change({ capabilities: Object.fromEntries(kept) });
}

/** Another Prefect in the same place is another program. */
function key(program: string): string {
  const changed = statSync(program, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return `${program} ${changed}`;
}
