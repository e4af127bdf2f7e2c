/** What work on a database can meet with, in words for people. */
import type { DatabaseFailure, FailureReason } from "../../prefect/ports-database.ts";
import { errnoOf, messageOf } from "../errno.ts";

export class WorkFailure extends Error {
  readonly reason: FailureReason;
  readonly cure: string | undefined;

  constructor(reason: FailureReason, why: string, cure?: string) {
    super(why);
    this.reason = reason;
    this.cure = cure;
  }
}

/** @param place what the work was about */
export function failureOf(error: unknown, place: string): DatabaseFailure {
  if (error instanceof WorkFailure) {
    const { reason, message: why, cure } = error;
    return { kind: "failed", reason, why, cure };
  }
  return { kind: "failed", ...explain(error, place) };
}

function explain(
  error: unknown,
  place: string,
): { reason: FailureReason; why: string; cure: string | undefined } {
  const code = sqliteCode(error);
  if (code === sqliteFull) return full(place);
  if (code === sqliteCorrupt || code === sqliteNotADatabase) {
    return { reason: "verify", why: `${place} is damaged: ${messageOf(error)}`, cure: undefined };
  }
  switch (errnoOf(error) ?? "") {
    case "ENOSPC":
    case "EDQUOT":
      return full(place);
    case "EACCES":
    case "EPERM":
      return {
        reason: "other",
        why: `the user of the supervisor may not do that in ${place}: ${messageOf(error)}`,
        cure: "give it the right to read and write there",
      };
    case "EROFS":
      return {
        reason: "other",
        why: `${place} can only be read: ${messageOf(error)}`,
        cure: "mount it so that it can be written to; after a fault of the disk the system does that by itself",
      };
    case "ENOTDIR":
      return {
        reason: "other",
        why: `${place} is, or lies below, a file where a folder should be`,
        cure: "move the file away, or name another folder",
      };
    case "ENOENT":
      return {
        reason: "other",
        why: `${place} is not there: ${messageOf(error)}`,
        cure: "look whether its volume is mounted",
      };
    default:
      return { reason: "other", why: `${place}: ${messageOf(error)}`, cure: undefined };
  }
}

const full = (place: string) => ({
  reason: "space" as const,
  why: `there is no space left for ${place}`,
  cure: "free some, keep fewer backups (jobs.backup.keep), or choose another jobs.backup.directory",
});

const [sqliteBusy, sqliteCorrupt, sqliteFull, sqliteNotADatabase] = [5, 11, 13, 26];

/** SQLite's own number, without what it adds to it. */
function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}

export const isBusy = (error: unknown): boolean => sqliteCode(error) === sqliteBusy;
