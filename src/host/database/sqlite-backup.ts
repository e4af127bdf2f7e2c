/** Copies an SQLite database while others write to it, and checks the copy. */
import { backup, DatabaseSync } from "node:sqlite";
import { checkIntegrity, compare, takeCensus } from "./sqlite-file.ts";

/** Longer than Prefect's own patience with a locked database. */
const lockPatienceMs = 60_000;

/** In one step: a commit of somebody else's starts a copy in several anew, and Prefect commits all the time. */
const allPages = 1_000_000_000;

/** The copy is one file, without a log beside it. Throws if it is not what the database was at one moment. */
export async function copySqlite(
  file: string,
  target: string,
  step: (words: string) => void,
): Promise<void> {
  const source = new DatabaseSync(file, { readOnly: true, timeout: lockPatienceMs });
  try {
    // Counting and copying see one and the same state.
    source.exec("BEGIN");
    const census = takeCensus(source);
    await backup(source, target, { rate: allPages });
    source.exec("COMMIT");
    step("checking the copy");
    const copy = new DatabaseSync(target);
    try {
      copy.exec("PRAGMA journal_mode = DELETE");
      checkIntegrity(copy, `the copy of ${file}`);
      compare(takeCensus(copy), census, file);
    } finally {
      copy.close();
    }
  } finally {
    source.close();
  }
}
