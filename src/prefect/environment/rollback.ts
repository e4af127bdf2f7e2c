/** What an older Prefect is held up by when it is gone back to. */
import type { KnownRevisions } from "../database/revision.ts";

/**
 * @param revision of the tables of an SQLite database; undefined where it is not known
 * @param known to the Prefect that is gone back to
 */
export function rollbackWarning(
  revision: string | undefined,
  known: KnownRevisions | undefined,
  prefect: string | undefined,
): string | undefined {
  if (revision === undefined || known === undefined || known.sqlite.includes(revision))
    return undefined;
  const what = `the database is newer than Prefect ${prefect ?? "there"}, which does not know its revision ${revision}: the server cannot start`;
  const cure =
    "`sails-supervisor env rollback` goes forth again; to stay, restore a backup from before the upgrade";
  return `${what}. ${cure}`;
}
