/** Whether something is mounted at a folder: an empty one in its place answers just as well. */
import type { Answer } from "./answer.ts";

/** @param output `space …`, `real PATH`, and then /proc/self/mountinfo */
export function judgeMount(path: string, output: string): Answer {
  const lines = output.split("\n");
  const real = lines.find((line) => line.startsWith("real "))?.slice("real ".length) ?? path;
  const mounts = lines.flatMap((line) => readMount(line) ?? []);
  // What is mounted over another hides it.
  const mount = mounts.findLast(({ point }) => point === real);
  if (mount !== undefined) {
    return {
      kind: "ok",
      why: `${mount.type} of ${mount.source} is mounted at ${path} and answers`,
    };
  }
  return {
    kind: "fail",
    why: `nothing is mounted at ${path}: it is a plain folder`,
    cure: `Mount it again; \`findmnt --target ${path}\` shows what is there now`,
  };
}

interface Mount {
  readonly point: string;
  readonly type: string;
  readonly source: string;
}

/** `36 35 98:0 /root /point options - type source options`; before the dash there may be more. */
function readMount(line: string): Mount | undefined {
  const [before, after] = line.split(" - ");
  const point = before?.split(" ")[4];
  const [type, source] = after?.split(" ") ?? [];
  if (point === undefined || type === undefined || source === undefined) return undefined;
  return { point: unescape(point), type, source: unescape(source) };
}

/** Blanks, and the backslash itself, stand there as `\040`. */
const unescape = (text: string): string =>
  text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCodePoint(Number.parseInt(octal, 8)),
  );
