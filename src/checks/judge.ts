/** From what a look brought back to what it means. */
import { formatSpan, type Millis, ms } from "../supervision/time.ts";
import type { Answer, Found } from "./answer.ts";
import { judgeCertificates } from "./judge-certificate.ts";
import { judgeMount } from "./judge-mount.ts";
import { judgeHome, judgeSpace } from "./judge-space.ts";
import type { Looked } from "./ports.ts";
import { type Target, withoutUser } from "./target.ts";

export interface Circumstances {
  readonly now: Date;
  /** Of PREFECT_HOME, as the last run left it. */
  readonly mark: string | undefined;
}

export function judge(target: Target, looked: Looked, circumstances: Circumstances): Answer {
  switch (looked.kind) {
    case "not-asked":
      return { kind: "error", why: looked.why };
    case "refused":
      return fail(`${addressOf(target)}: ${looked.why}`);
    case "answered":
      return judgeStatus(target, looked.status);
    case "ended":
      return target.kind === "command"
        ? judgeCommand(target.command, looked)
        : judgeLook(target, looked, circumstances);
    default:
      return looked satisfies never;
  }
}

export const tooLate = (timeout: Millis): Found => ({
  kind: "fail",
  why: `no answer within ${formatSpan(timeout)}`,
  isLate: true,
});

type Ended = Extract<Looked, { readonly kind: "ended" }>;

const addressOf = (target: Target): string =>
  target.kind === "http" ? withoutUser(target.url) : target.kind;

function judgeStatus(target: Target, status: number): Found {
  const why = `${addressOf(target)} answered ${status}`;
  return status >= 200 && status < 400 ? { kind: "ok", why } : fail(why);
}

function judgeCommand([program = ""]: readonly string[], ended: Ended): Found {
  if (ended.isTooMuch) {
    const cure = "Let the command print less: its last line is all that is kept";
    return fail(`${program} printed more than 1 MiB, and was ended for it`, cure);
  }
  const last = lastLine(ended.output);
  const [, missing] = /: exec: (.*)$/.exec(last) ?? [];
  if (missing !== undefined && (ended.status === 126 || ended.status === 127)) {
    return fail(`the command cannot be started: ${missing}`, "Correct command: in the check");
  }
  if (ended.status === 0) return { kind: "ok", why: last === "" ? `${program} went well` : last };
  const how =
    ended.status === undefined
      ? `was ended by ${ended.signal}`
      : `ended with status ${ended.status}`;
  return fail(`${program} ${how}${last === "" ? "" : `: ${last}`}`);
}

const longestLine = 300;

export function lastLine(output: string): string {
  const line =
    output
      .trimEnd()
      .split(/[\r\n]/)
      .at(-1) ?? "";
  // oxlint-disable-next-line no-control-regex -- they would reach a terminal
  const shown = line.replaceAll(/[\u0000-\u001F\u007F]+/g, " ").trim();
  return shown.length > longestLine ? `${shown.slice(0, longestLine)}…` : shown;
}

type LookedAt = Exclude<Target, { readonly kind: "command" }>;

function judgeLook(target: LookedAt, ended: Ended, { now, mark }: Circumstances): Answer {
  if (target.kind === "http") return { kind: "error", why: "asked in the wrong way" };
  const { path } = target;
  if (ended.status === 1) return complaint(path, lastLine(ended.output));
  if (ended.status !== 0) {
    const how = ended.signal ?? `status ${ended.status}`;
    return { kind: "error", why: `the look at ${path} ended with ${how}` };
  }
  switch (target.kind) {
    case "mount":
      return judgeMount(path, ended.output);
    case "file":
      return judgeFile(path, target.maxAge, factIn(ended.output, "changed"), now);
    case "certificate":
      return judgeCertificates(target, ended.output, now);
    case "free-space":
      return judgeSpace(target, factIn(ended.output, "space"));
    case "home":
      return judgeHome(
        target,
        {
          space: factIn(ended.output, "space"),
          folder: factIn(ended.output, "folder"),
          mark: factIn(ended.output, "mark"),
        },
        mark,
      );
    default:
      return target satisfies never;
  }
}

const factIn = (output: string, name: string): string | undefined =>
  output
    .split("\n")
    .find((line) => line.startsWith(`${name} `))
    ?.slice(name.length + 1);

function judgeFile(
  path: string,
  maxAge: Millis | undefined,
  changed: string | undefined,
  now: Date,
): Answer {
  if (changed === undefined) return { kind: "error", why: `nothing was said of ${path}` };
  // A clock that is ahead, here or where the file lies, is no age.
  const age = ms(Math.max(0, now.getTime() - Number(changed) * 1000));
  const why = `${path} was changed ${formatSpan(age)} ago`;
  if (maxAge === undefined || age <= maxAge) return { kind: "ok", why };
  return fail(`${why}, which is longer than ${formatSpan(maxAge)} (max_age)`);
}

/** Words of the system, each with what they mean here. */
function complaint(path: string, said: string): Found {
  const words = said.slice(said.lastIndexOf(": ") + 1).trim();
  switch (words) {
    case "No such file or directory":
      return fail(`${path} does not exist`);
    case "Permission denied":
      return fail(
        `${path} may not be looked at by the user of this daemon`,
        "Give that user access; a FUSE mount of another user needs the option allow_other",
      );
    case "Transport endpoint is not connected":
      return fail(
        `the file system at ${path} has lost its program: ${words}`,
        `Run \`fusermount -u ${path}\`, and mount it again`,
      );
    default:
      return fail(`${path}: ${words}`);
  }
}

const fail = (why: string, cure?: string): Found => ({ kind: "fail", why, cure });
