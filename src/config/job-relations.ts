/** What the keys of `jobs:` must be to each other and to the rest. */
import { basename, extname } from "node:path";
import type { Fault } from "./fault.ts";
import { valueAt } from "./key-path.ts";
import type { Sources } from "./sources.ts";
import { textOf } from "./unit-order.ts";

export const jobFaults = (sources: Sources): readonly Fault[] => [
  ...takenNames(sources),
  ...sameBackupNames(sources),
];

/** By what its backups are called. */
export const databaseName = (file: string): string => basename(file, extname(file));

/** The names of the jobs that the program brings. */
const ownJobs: ReadonlySet<string> = new Set(["backup", "restore", "retention"]);

function* takenNames(sources: Sources): Generator<Fault> {
  for (const index of listAt(sources, ["jobs", "custom"]).keys()) {
    const path = ["jobs", "custom", index, "name"];
    const name = textOf(sources, path);
    if (name === undefined || !ownJobs.has(name)) continue;
    yield {
      ...sources.locate(path),
      message: `is "${name}", as a job of the supervisor's own`,
      cure: "give it another name",
    };
  }
}

/** Two databases of one name would take each other's backups for their own. */
function* sameBackupNames(sources: Sources): Generator<Fault> {
  const taken = new Map([["prefect", "Prefect's own database"]]);
  for (const [index, file] of listAt(sources, ["jobs", "backup", "databases"]).entries()) {
    if (typeof file !== "string") continue;
    const name = databaseName(file);
    const other = taken.get(name);
    taken.set(name, file);
    if (other === undefined) continue;
    yield {
      ...sources.locate(["jobs", "backup", "databases", index]),
      message: `would be backed up as ${name}-TIME.db, as ${other} is`,
      cure: "give one of the files another name, or link to it by another name",
    };
  }
}

/** In a zone with summer time some local times come twice a year, and some not at all. */
export function jobWarnings(sources: Sources): readonly Fault[] {
  const paths = [
    ["jobs", "backup"],
    ["jobs", "retention"],
    ...[...listAt(sources, ["jobs", "custom"]).keys()].map((index) => ["jobs", "custom", index]),
  ];
  return paths.flatMap((path) => {
    const cron = textOf(sources, [...path, "cron"]);
    const timezone = textOf(sources, [...path, "timezone"]) ?? "UTC";
    if (cron === undefined || !hasSummerTime(timezone) || !/^\S+\s+0?[123]\s/.test(cron)) return [];
    return [
      {
        ...sources.locate([...path, "cron"]),
        message: `is between 1 and 4 h in ${timezone}: on the days when clocks are set, it may not come at all`,
        cure: "choose another hour, or UTC",
      },
    ];
  });
}

function hasSummerTime(timezone: string): boolean {
  const offset = (month: number): string | undefined => {
    try {
      return new Intl.DateTimeFormat("en", { timeZone: timezone, timeZoneName: "longOffset" })
        .formatToParts(new Date(Date.UTC(2026, month, 1)))
        .find(({ type }) => type === "timeZoneName")?.value;
    } catch {
      return undefined;
    }
  };
  return offset(0) !== offset(6);
}

function listAt({ tree }: Sources, path: readonly string[]): readonly unknown[] {
  const value = valueAt(tree, path);
  return Array.isArray(value) ? value : [];
}
