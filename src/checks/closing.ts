/** Which pools have to take no new runs, from what they require and what is believed of it. */
import type { PoolConfig } from "../config/config.ts";
import { isBad } from "./describe.ts";
import type { CheckState } from "./state.ts";

/** `leave`: as long as something is not known, a pool stays as it is. */
export type Wanted = "closed" | "open" | "leave";

export type Requiring = Pick<PoolConfig, "name" | "requires">;

export function wantedOf(
  { requires }: Requiring,
  stateOf: (check: string) => CheckState | undefined,
): Wanted {
  const states = requires.map(stateOf);
  if (states.some((state) => state !== undefined && isBad(state))) return "closed";
  return states.some((state) => state === undefined || state.kind === "unknown") ? "leave" : "open";
}
