/** Which files hold the output of the units: from the daemon, or, when it is down, from its folder. */
import { readdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Answer, ControlClient } from "../control/client.ts";

export interface LogFile {
  readonly unit: string;
  /** A path; or, where it is none, words that say where the output is. */
  readonly log: string;
}

export const isPath = ({ log }: LogFile): boolean => isAbsolute(log);

export async function findLogFiles(client: ControlClient): Promise<Answer<readonly LogFile[]>> {
  const answer = await client.status(new AbortController().signal);
  if (answer.kind === "answered") {
    const files = answer.value.units.map(({ name, log }) => ({ unit: name, log }));
    return { kind: "answered", value: files };
  }
  const folder = join(client.stateDir, "logs");
  const names = await filesIn(folder);
  const files = names
    .filter((name) => name.endsWith(".log"))
    .toSorted()
    .map((name) => ({
      unit: name.slice(0, -".log".length).replaceAll("%2F", "/"),
      log: join(folder, name),
    }));
  return files.length === 0 ? answer : { kind: "answered", value: files };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return [];
    throw error;
  }
}
