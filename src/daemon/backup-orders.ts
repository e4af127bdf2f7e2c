/** What the keeper of the database finds, as operators are answered. */
import type { BackupsResult, VerifyResult } from "../control/control-plane.ts";
import type { DatabaseKeeper } from "./database-keeper.ts";

const notYet = "the supervisor is still starting";

export async function backupsResult(database: DatabaseKeeper | undefined): Promise<BackupsResult> {
  if (database === undefined) return { kind: "failed", why: notYet };
  const found = await database.list();
  if ("kind" in found) return { kind: "failed", why: found.why };
  return { kind: "done", version: 1, directory: database.directory, backups: found };
}

export async function verifyResult(
  database: DatabaseKeeper | undefined,
  file: string,
): Promise<VerifyResult> {
  if (database === undefined) return { kind: "refused", why: notYet, cure: null };
  const found = await database.verify(file);
  if (found.kind === "failed") {
    return { kind: "refused", why: found.why, cure: found.cure ?? null };
  }
  const { format, bytes, revision, flowRuns } = found.contents;
  return {
    kind: "done",
    file,
    format,
    bytes,
    revision: revision ?? null,
    flowRuns: flowRuns ?? null,
  };
}
