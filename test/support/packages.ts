/** Packages of the checkout as it is, made quickly: they are large. */
import { execFile, execFileSync } from "node:child_process";
import { promisify } from "node:util";

export const run = promisify(execFile);

export interface Build {
  readonly output: string;
  readonly version?: string;
  readonly format?: "deb" | "archive";
  /** With other settings of the machine, of which nothing may be seen in what is made. */
  readonly isElsewhere?: boolean;
}

/** Why none can be made here; undefined if they can. */
export function whyNoPackages(): string | undefined {
  try {
    execFileSync("dpkg-deb", ["--version"]);
  } catch {
    return "dpkg-deb is not on this machine";
  }
  return process.arch === "x64" ? undefined : "the packages of the tests are for amd64";
}

/** Their paths. */
export async function buildPackages({
  output,
  version,
  format,
  isElsewhere = false,
}: Build): Promise<readonly string[]> {
  const words = ["--architecture", "amd64", "--compression", "none", "--output", output];
  const other = version === undefined ? [] : ["--package-version", version];
  const only = format === undefined ? [] : ["--format", format];
  const program = [process.execPath, "scripts/package.ts", ...words, ...other, ...only];
  // As on the machine of somebody careful, far away.
  const elsewhere = ["-c", 'umask 077; TZ=Pacific/Apia exec "$@"', "sh"];
  const { stdout } = isElsewhere
    ? await run("sh", [...elsewhere, ...program])
    : await run(process.execPath, program.slice(1));
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.split("  ")[0] ?? "");
}
