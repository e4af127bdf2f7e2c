/** What became of an attempt that failed, in one sentence with its cure: uv's own words, shortened. */

/** As the metrics count them. */
export type FailureReason = "lock" | "network" | "build" | "import" | "space" | "other";

export interface Failure {
  readonly reason: FailureReason;
  readonly why: string;
  readonly cure: string;
}

/** @param doing `uv pip install`, … */
export function explainFailure(doing: string, how: string, output: string): Failure {
  const words = lastWords(output);
  const { reason, cure } = kinds.find(({ pattern }) => pattern.test(output)) ?? unknown;
  return { reason, why: `\`${doing}\` ${how}${words === "" ? "" : `: ${words}`}`, cure };
}

interface Kind {
  readonly pattern: RegExp;
  readonly reason: FailureReason;
  readonly cure: string;
}

const unknown = {
  reason: "other",
  cure: "The environment in use is unchanged. Try the same by hand in a copy of the project, then `sails-supervisor env sync`",
} as const;

/** The first that fits. */
const kinds: readonly Kind[] = [
  {
    pattern: /No space left on device|Disk quota exceeded/,
    reason: "space",
    cure: "Make room on the volume of environment.path (an environment takes some 400 MB), or `uv cache clean`",
  },
  {
    pattern: /lockfile .*needs to be updated|Failed to parse .?uv\.lock/,
    reason: "lock",
    cure: "Run `uv lock` in the project's folder",
  },
  {
    pattern: /Failed to parse|TOML parse error|Couldn't parse requirement/,
    reason: "lock",
    cure: "Correct the file that is named",
  },
  {
    pattern: /Permission denied|Read-only file system|Operation not permitted/,
    reason: "other",
    cure: "Give the user of this daemon the right to write there, or set environment.path to another folder",
  },
  {
    pattern:
      /error sending request|dns error|Failed to fetch|tcp connect error|Connection refused|timed out|URLError|HTTP(Error| status)|certificate/i,
    reason: "network",
    cure: "Look whether this machine reaches the package index: proxy, name service, certificates",
  },
  {
    pattern: /no usable wheels|no wheels|building from source is disabled/i,
    reason: "build",
    cure: "There is no ready-made package for this Python: lock another version of it, or set environment.python to another Python",
  },
  {
    pattern: /Failed to build|build backend returned an error/,
    reason: "build",
    cure: "The package has no wheel for this Python and could not be built here: install what it needs (often `sudo apt install build-essential python3-dev`), or lock a version that has a wheel",
  },
  {
    pattern: /No solution found|Hash mismatch/,
    reason: "lock",
    cure: "Make the lock again: `uv lock` (or whatever makes requirements-locked.txt) in the project's folder",
  },
];

const longest = 400;

/** From the error on, without hints and empty lines; the last line of a traceback. */
export function lastWords(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter(
      (line) =>
        line !== "" &&
        !/^(hint|warning|Using|Resolved|Prepared|Building|Downloading|note)\b/i.test(line),
    );
  if (/^Traceback/m.test(output)) return cut(lines.at(-1) ?? "");
  const error = lines.findIndex((line) => /^(error\b|×)/.test(line));
  const told = error < 0 ? lines.slice(-2) : lines.slice(error);
  return cut(told.map((line) => line.replace(/^(error|cause): ?|^[×├╰─▶ ]+/, "")).join("; "));
}

/** The first words say what, the last ones why. */
function cut(words: string): string {
  if (words.length <= longest) return words;
  return `${words.slice(0, longest / 2)} … ${words.slice(-longest / 2)}`;
}

/** Of what the system refused at `environment.path`. */
export function explainError(error: unknown, path: string): Failure {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  switch (code) {
    case "ENOSPC":
    case "EDQUOT":
      return {
        reason: "space",
        why: `there is no space left beside ${path}`,
        cure: "Make room on that volume (an environment takes some 400 MB)",
      };
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return {
        reason: "other",
        why: `nothing can be written beside ${path}: ${message}`,
        cure: "Give the user of this daemon the right to write to the folder above it, or set environment.path to another folder",
      };
    case "EBUSY":
    case "EXDEV":
      return {
        reason: "other",
        why: `${path} is the top of a volume, and cannot be switched by a rename`,
        cure: "Set environment.path to a folder below it",
      };
    default:
      return { reason: "other", why: message, cure: `Look at ${path}, and at the folder above it` };
  }
}
