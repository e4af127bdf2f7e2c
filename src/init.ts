/** `init`: looks at a project and an installation that people run by hand, and drafts a configuration. */
import { access, readdir, readFile } from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { unitVariable } from "./host/marks.ts";
import { allPids, environmentValue, readProcess } from "./host/processes.ts";
import { type Draft, draft } from "./init/draft.ts";
import { look, type Place } from "./init/look.ts";
import type { AnswerOfPools, Surroundings } from "./init/ports.ts";
import { render } from "./init/render.ts";
import { createPrefectApi } from "./prefect/api/client.ts";

export interface Drafted extends Draft {
  /** Of the configuration. */
  readonly text: string;
}

export const surroundings: Surroundings = {
  read: (file) => readFile(file, "utf8").catch(() => undefined),
  async foldersIn(folder) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
      .map(({ name }) => name)
      .toSorted();
  },
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  processes: () =>
    [...allPids()].flatMap((pid) => {
      const words = readProcess(pid, "cmdline")?.split("\0").slice(0, -1) ?? [];
      // What a supervisor has started is not by hand.
      if (words.length === 0 || environmentValue(pid, unitVariable) !== undefined) return [];
      return [{ pid, words, home: environmentValue(pid, "PREFECT_HOME") }];
    }),
  async poolsOfServer(url) {
    const api = createPrefectApi({ url, auth: undefined, requestTimeoutMs: 5_000 });
    const answer = await api.pools(AbortSignal.timeout(10_000));
    if (answer.kind !== "ok") return { kind: "failed", why: answer.why };
    const pools = answer.value.map(({ name, type, concurrency_limit: limit }) => ({
      name,
      type,
      limit,
    }));
    return { kind: "pools", pools };
  },
  async poolsOfDatabase(file) {
    try {
      return { kind: "pools", pools: poolsIn(file) };
    } catch (error) {
      return { kind: "failed", why: String(error) };
    }
  },
};

export async function draftFrom(place: Place, around = surroundings): Promise<Drafted> {
  const drafted = draft(await look(place, around));
  return { ...drafted, text: render(drafted) };
}

/** As Prefect 3 keeps them. */
function poolsIn(file: string): (AnswerOfPools & { kind: "pools" })["pools"] {
  using database = new DatabaseSync(file, { readOnly: true });
  const rows = database.prepare("SELECT name, type, concurrency_limit FROM work_pool").all();
  return rows.map((row) => ({
    name: String(row["name"]),
    type: String(row["type"]),
    limit: row["concurrency_limit"] === null ? null : Number(row["concurrency_limit"]),
  }));
}
