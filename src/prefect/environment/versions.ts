/** The environments beside each other: how they are named, and which of them nobody needs any more. */
import * as z from "zod";
import type { FoundVersion } from "./ports.ts";

/** What a build leaves in its environment, so that it explains itself. */
const recordShape = z.object({
  version: z.literal(1),
  lock: z.enum(["uv.lock", "requirements-locked.txt"]),
  lockHash: z.string(),
  /** See `Declaration.inputs`; those that lead to the same packages are each as good. */
  inputs: z.array(z.string()).readonly(),
  packages: z.int(),
  builtAt: z.iso.datetime(),
});

export type VersionRecord = z.infer<typeof recordShape>;

function parseRecord(text: string): VersionRecord | undefined {
  try {
    return recordShape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

/** One environment on the disk. */
export interface Version extends Omit<FoundVersion, "record" | "changedAt"> {
  /** Undefined for one that somebody else has built. */
  readonly record: VersionRecord | undefined;
  /** Whether it was at `environment.path` itself before we came. */
  readonly isAdopted: boolean;
  readonly builtAt: Date;
}

/** Other folders beside them are not ours. */
export const versionsOf = (found: readonly FoundVersion[]): readonly Version[] =>
  found
    .filter(({ name }) => isVersionName(name))
    .map(({ record: text, changedAt, ...rest }) => {
      const record = text === undefined ? undefined : parseRecord(text);
      const builtAt = record === undefined ? changedAt : new Date(record.builtAt);
      return { ...rest, record, isAdopted: rest.name.startsWith(adoptedPrefix), builtAt };
    });

export const writeRecord = (record: VersionRecord): string =>
  `${JSON.stringify(record, undefined, 2)}\n`;

/** All that ever led here, within reason: a lock that goes back and forth finds itself again. */
export const withInputs = (record: VersionRecord, inputs: string): VersionRecord => ({
  ...record,
  inputs: [...record.inputs.filter((each) => each !== inputs), inputs].slice(-20),
});

/** @param variant of what the hash of the lock does not say */
export function versionName(lockHash: string, python: string, variant: string | undefined): string {
  const [major, minor] = python.split(".");
  return [lockHash, `${major}.${minor}`, ...(variant === undefined ? [] : [variant])].join("-");
}

/** Whether it is an environment of this name's form, whoever has built it. */
const isVersionName = (name: string): boolean =>
  /^[0-9a-f]{12}-\d+\.\d+(-[0-9a-f]{6})?$/.test(name) || name.startsWith(adoptedPrefix);

export const adoptedPrefix = "adopted-";

interface Needs {
  readonly versions: readonly Version[];
  readonly current: string | undefined;
  /** To go back to. */
  readonly previous: string | undefined;
  /** Folders that somebody's process runs in. */
  readonly inUse: ReadonlySet<string>;
}

/** Only what this program has built or moved there itself: what somebody else keeps there is theirs. */
export const removableVersions = ({
  versions,
  current,
  previous,
  inUse,
}: Needs): readonly Version[] =>
  versions.filter(
    ({ name, path, record, isAdopted }) =>
      (record !== undefined || isAdopted) &&
      name !== current &&
      name !== previous &&
      !inUse.has(path),
  );
