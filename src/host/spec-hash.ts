/** Tells whether a process that runs is what is asked for: its program, environment, folder and kill mode in one number. */
import { createHash } from "node:crypto";
import type { ProcessSpec } from "../supervision/ports.ts";

/** A restart asks again for the same. */
const known = new WeakMap<ProcessSpec, string>();

export function specHash(spec: ProcessSpec): string {
  const hash = known.get(spec) ?? compute(spec);
  known.set(spec, hash);
  return hash;
}

function compute({ command, env, directory, killMode }: ProcessSpec): string {
  // In which order the variables were put together is nobody's business.
  const variables = Object.entries(env).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const text = JSON.stringify([command, variables, directory, killMode]);
  return createHash("sha256").update(text).digest("hex");
}
