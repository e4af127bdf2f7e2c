/** Finds the output of one flow run, by its name, its id or the beginning of its id. */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ControlClient } from "../control/client.ts";
import { runIdentifier } from "../control/journal-identifiers.ts";
import type { Context } from "./context.ts";

export type FoundRun =
  | { readonly kind: "file"; readonly path: string }
  /** One for each of its processes. */
  | { readonly kind: "streams"; readonly ids: readonly string[] }
  | { readonly kind: "ambiguous"; readonly runs: readonly string[] }
  | { readonly kind: "unknown"; readonly complaint: string };

export async function findRun(
  context: Pick<Context, "journal">,
  client: ControlClient,
  wanted: string,
  signal: AbortSignal,
): Promise<FoundRun> {
  const folder = join(client.stateDir, "logs", "runs");
  const living = await livingRun(client, wanted, signal);
  if (living.length > 1) return { kind: "ambiguous", runs: living };
  const [id] = living;
  const files = id === undefined ? await filesOf(folder, wanted) : [];
  if (files.length > 1) return { kind: "ambiguous", runs: files };
  const [known = wanted] = [...living, ...files];
  const path = join(folder, `${known}.log`);
  if (isPlain(known) && existsSync(path)) return { kind: "file", path };
  return await inJournal(context, known, signal);
}

/** Of those that have a process here, which the daemon knows by name. */
async function livingRun(
  client: ControlClient,
  wanted: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const answer = await client.runs(signal);
  if (answer.kind !== "answered") return [];
  const { runs } = answer.value;
  const exact = runs.filter(({ id, name }) => id === wanted || name === wanted);
  const found = exact.length > 0 ? exact : runs.filter(({ id }) => id.startsWith(wanted));
  return [...new Set(found.map(({ id }) => id))];
}

const isPlain = (id: string): boolean => /^[\w-]+$/.test(id);

async function filesOf(folder: string, wanted: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(() => []);
  const ids = names.flatMap((name) => /^([\w-]+)\.log$/.exec(name)?.[1] ?? []);
  return ids.includes(wanted) ? [wanted] : ids.filter((id) => id.startsWith(wanted));
}

/** What the launcher of flow runs says first, and nothing else in it: so it is found at once. */
const greeting = (id: string): string => `sails-supervisor: flow run ${id} begins`;
const longId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

async function inJournal(
  { journal }: Pick<Context, "journal">,
  wanted: string,
  signal: AbortSignal,
): Promise<FoundRun> {
  const streams = new Map<string, string>();
  const find = async (...words: readonly string[]): Promise<string> => {
    const entries = journal(["-t", runIdentifier, ...words], signal);
    for (;;) {
      const next = await entries.next();
      if (next.done === true) return next.value;
      const { stream, message } = next.value;
      if (stream !== undefined) streams.set(stream, message);
    }
  };
  let complaint = await find(`MESSAGE=${greeting(wanted)}`);
  if (streams.size === 0 && /^[0-9a-f-]{4,}$/.test(wanted) && !longId.test(wanted)) {
    complaint = await find(`--grep=^${greeting(`${wanted}[0-9a-f-]*`)}$`);
    const runs = new Set(streams.values());
    const ids = [...runs].map((said) => said.split(" ").at(-2) ?? said);
    if (runs.size > 1) return { kind: "ambiguous", runs: ids };
  }
  if (streams.size === 0 && !longId.test(wanted)) {
    // Prefect's own lines have the name in them. One is enough; the newest run of that name counts.
    const name = wanted.replaceAll(/[^\w -]/g, ".");
    complaint = await find("-n", "1", `--grep=Flow run '${name}'`);
  }
  return streams.size === 0
    ? { kind: "unknown", complaint }
    : { kind: "streams", ids: [...streams.keys()] };
}
