/** Recognizes Prefect's servers and workers by their command lines, however they were started. */
import { dirname } from "node:path";
import type { ByHand } from "./findings.ts";

export interface CommandLine {
  readonly pid: number;
  /** As in /proc/PID/cmdline. */
  readonly words: readonly string[];
  readonly home: string | undefined;
}

const usualPort = 4200;

export function recognize({ pid, words, home }: CommandLine): ByHand | undefined {
  const at = words.findIndex((word, index) => /(^|\/)prefect$/.test(word) && index < 2);
  if (at === -1) return undefined;
  const program = words[at] ?? "";
  const environment = program.startsWith("/") ? dirname(dirname(program)) : undefined;
  const [noun, verb, ...args] = words.slice(at + 1);
  const common = { pid, environment, home };
  if (noun === "server" && verb === "start") {
    const port = Number(valueOf(args, "--port") ?? usualPort);
    return { ...common, kind: "server", host: valueOf(args, "--host"), port };
  }
  if (noun === "worker" && verb === "start") {
    return { ...common, kind: "worker", pool: valueOf(args, "--pool", "-p") };
  }
  return undefined;
}

/** `--pool NAME`, `--pool=NAME`. */
function valueOf(args: readonly string[], ...names: readonly string[]): string | undefined {
  for (const [index, word] of args.entries()) {
    if (names.includes(word)) return args[index + 1];
    const name = names.find((each) => word.startsWith(`${each}=`));
    if (name !== undefined) return word.slice(name.length + 1);
  }
  return undefined;
}
