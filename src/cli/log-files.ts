/** Where the output of the units is: as the daemon says; or, when it is down, its folder and the journal. */
import { statSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import type { Answer, ControlClient } from "../control/client.ts";
import {
  journalIdentifier,
  journalPlace,
  unitOfIdentifier,
} from "../control/journal-identifiers.ts";
import type { Context } from "./context.ts";

export interface LogPlace {
  readonly unit: string;
  /** A path; the command that shows it in the journal; or words that say where it is. */
  readonly log: string;
}

export const isPath = ({ log }: LogPlace): boolean => isAbsolute(log);

export const isInJournal = ({ unit, log }: LogPlace): boolean => log === journalPlace(unit);

export async function findLogPlaces(
  context: Context,
  client: ControlClient,
  signal: AbortSignal,
): Promise<Answer<readonly LogPlace[]>> {
  const answer = await client.status(signal);
  if (answer.kind === "answered") {
    const places = answer.value.units.map(({ name, log }) => ({ unit: name, log }));
    return { kind: "answered", value: places };
  }
  const folder = join(client.stateDir, "logs");
  const files = (await filesIn(folder)).map((name) => ({
    unit: name.slice(0, -".log".length).replaceAll("%2F", "/"),
    log: join(folder, name),
  }));
  const inJournal = (await unitsInJournal(context)).map((unit) => ({
    unit,
    log: journalPlace(unit),
  }));
  const places = await newest(context, [...inJournal, ...files], signal);
  return places.length === 0 ? answer : { kind: "answered", value: places };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => name.endsWith(".log"));
  } catch (error) {
    // Who may not look into it may still read the journal.
    if (error instanceof Error && "code" in error && isAway(error.code)) return [];
    throw error;
  }
}

async function unitsInJournal({ journalIdentifiers }: Context): Promise<readonly string[]> {
  try {
    return (await journalIdentifiers()).flatMap((identifier) => unitOfIdentifier(identifier) ?? []);
  } catch {
    // There is no journal here.
    return [];
  }
}

/** A unit may have printed into both, one after the other. */
async function newest(
  context: Context,
  places: readonly LogPlace[],
  signal: AbortSignal,
): Promise<readonly LogPlace[]> {
  const chosen: LogPlace[] = [];
  for (const same of Map.groupBy(places, ({ unit }) => unit).values()) {
    const [first, second] = same;
    if (first === undefined) continue;
    if (second === undefined) chosen.push(first);
    else {
      const last = await lastEntry(context, first.unit, signal);
      const written = statSync(second.log, { throwIfNoEntry: false })?.mtime;
      chosen.push(written !== undefined && (last ?? 0) < written ? second : first);
    }
  }
  return chosen.toSorted((a, b) => (a.unit < b.unit ? -1 : 1));
}

async function lastEntry(
  { journal }: Context,
  unit: string,
  signal: AbortSignal,
): Promise<Date | undefined> {
  const words = ["--quiet", "-n", "1", "-t", journalIdentifier(unit)];
  for await (const { at } of journal(words, signal)) return at;
  return undefined;
}

const isAway = (code: unknown): boolean => code === "ENOENT" || code === "EACCES";
