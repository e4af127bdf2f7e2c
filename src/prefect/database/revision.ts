/** Whether the installed Prefect can use a database, by the revision of its tables. */
import * as z from "zod";
import type { RunCommand } from "../ports.ts";

export interface KnownRevisions {
  readonly sqlite: readonly string[];
  readonly postgres: readonly string[];
}

/** Reads the names of Prefect's migrations without importing Prefect, which takes seconds. */
const script = `
import importlib.util, json, pathlib, re
spec = importlib.util.find_spec("prefect")
root = pathlib.Path(list(spec.submodule_search_locations)[0]) / "server/database/_migrations/versions"
def known(dialect):
    texts = (path.read_text() for path in (root / dialect).glob("*.py"))
    found = (re.search(r"^revision(?:: str)? = [\\"'](\\w+)[\\"']", text, re.M) for text in texts)
    return [match.group(1) for match in found if match]
print(json.dumps({"sqlite": known("sqlite"), "postgres": known("postgresql")}))
`;

const shape = z.object({ sqlite: z.array(z.string()), postgres: z.array(z.string()) });

/** Undefined if that Prefect does not tell. */
export async function askRevisions(
  run: RunCommand,
  python: string,
  options: Pick<Parameters<RunCommand>[0], "env" | "directory" | "timeoutMs" | "signal">,
): Promise<KnownRevisions | undefined> {
  const result = await run({ ...options, command: [python, "-c", script] });
  if (!result.isOk) return undefined;
  try {
    const known = shape.safeParse(JSON.parse(result.output)).data;
    return known !== undefined && known.sqlite.length > 0 ? known : undefined;
  } catch {
    return undefined;
  }
}

export type Fit =
  | { readonly kind: "fits" }
  /** Nobody can say; the server finds out at its start. */
  | { readonly kind: "unknown" }
  | { readonly kind: "refused"; readonly why: string; readonly cure: string };

export function judgeRevision(
  revision: string | undefined,
  format: keyof KnownRevisions,
  known: KnownRevisions | undefined,
): Fit {
  if (revision === undefined) {
    return {
      kind: "refused",
      why: "it is no database of Prefect's: it has no revision of Prefect's tables",
      cure: "`sails-supervisor backup list` shows the backups; further databases are put back by copying them",
    };
  }
  if (known === undefined) return { kind: "unknown" };
  // An older one is brought up to date by the server at its start.
  if (known[format].includes(revision)) return { kind: "fits" };
  return {
    kind: "refused",
    why: `its revision ${revision} is not known to the Prefect that is installed: a newer one has made it`,
    cure: "install that newer Prefect, or choose an older backup",
  };
}
