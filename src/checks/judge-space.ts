/** Whether a volume has room, and whether PREFECT_HOME is still where the last run left it. */
import type { FreeSpaceTarget } from "../config/config.ts";
import type { Answer } from "./answer.ts";
import { formatSize } from "./size.ts";

type Limits = Pick<FreeSpaceTarget, "path" | "min" | "warn">;

/** @param fact blocks that are free, their size in bytes, and how many there are */
export function judgeSpace({ path, min, warn }: Limits, fact: string | undefined): Answer {
  const [blocks, size, total] = (fact ?? "").split(" ").map(Number);
  if (blocks === undefined || size === undefined || total === undefined) {
    return { kind: "error", why: `nothing was said of the volume of ${path}` };
  }
  const free = blocks * size;
  const have = `${formatSize(free)} of ${formatSize(total * size)} free on the volume of ${path}`;
  const cure = `Make room: \`du -xh --max-depth=2 ${path} | sort -h\` shows what takes it`;
  if (free < min) {
    return { kind: "fail", why: `only ${have}, less than ${formatSize(min)} (min)`, cure };
  }
  if (free >= warn) return { kind: "ok", why: have };
  const why = `only ${have}, less than ${formatSize(warn)} (warn)`;
  return { kind: "warn", why, cure, next: `fails below ${formatSize(min)}` };
}

export interface HomeFacts {
  readonly space: string | undefined;
  /** The nearest folder that there is: home itself, once Prefect has run. */
  readonly folder: string | undefined;
  readonly mark: string | undefined;
}

/** @param expected what the last run has marked it with; undefined if there was none */
export function judgeHome(
  home: Limits,
  { space, folder, mark }: HomeFacts,
  expected: string | undefined,
): Answer {
  if (expected !== undefined && mark !== expected) {
    const is =
      folder === home.path ? "does not hold the database of the last run" : "is not there any more";
    return {
      kind: "fail",
      why: `${home.path} (PREFECT_HOME) ${is}: its volume is probably not mounted`,
      cure: `Mount it; \`findmnt --target ${home.path}\` shows what is there now`,
    };
  }
  return judgeSpace(home, space);
}
