/** Secrets that a configuration may hold, and where they have come to light. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** Each in the way that people write it; none is part of another one. */
export const secrets = {
  auth: "Zx-auth-8c1f",
  database: "Zx-database-77ab",
  apiKey: "Zx-key-4d02",
  serviceToken: "Zx-token-e5c9",
  probeUrl: "Zx-url-91d3",
} as const;

/** The lines that have one. */
export const leakedIn = (text: string): readonly string[] =>
  text.split("\n").filter((line) => Object.values(secrets).some((secret) => line.includes(secret)));

/** Of every file below the folder, but for what is meant to have it. */
export async function leakedInFiles(
  folder: string,
  except: readonly string[] = [],
): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => !except.some((part) => file.startsWith(part)));
  const found = files.map(async (file) => {
    const text = await readFile(file, "latin1").catch(() => "");
    return leakedIn(text).map((line) => `${file}: ${line}`);
  });
  return (await Promise.all(found)).flat();
}

/** Which processes have one on their command line, where everybody sees it. */
export async function leakedInCommandLines(proc = "/proc"): Promise<readonly string[]> {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const found = pids.map(async (pid) => {
    const text = await readFile(join(proc, pid, "cmdline"), "latin1").catch(() => "");
    return leakedIn(text.replaceAll("\0", " "));
  });
  return (await Promise.all(found)).flat();
}

/** Looks at them again and again until it is disposed of: a process may live for a moment. */
export class CommandLineWatch implements AsyncDisposable {
  readonly seen = new Set<string>();
  readonly #looking: Promise<void>;
  #isOver = false;

  constructor(proc = "/proc") {
    this.#looking = this.#look(proc);
  }

  async #look(proc: string): Promise<void> {
    while (!this.#isOver) {
      for (const line of await leakedInCommandLines(proc)) this.seen.add(line);
      await new Promise(setImmediate);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    await this.#looking;
  }
}
