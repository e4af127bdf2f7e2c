/**
 * Without its volume, PREFECT_HOME is an empty folder, and Prefect would begin a new database in it
 * without a word. So the folder gets a mark once a server has been ready in it, and a server only
 * starts where the mark of the last run is.
 */
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import type { Blocker } from "../supervision/unit-state.ts";
import type { Files } from "./ports.ts";

/** What is known of the last run's database, in `database.json` of the state folder. */
export interface KnownDatabase {
  readonly home: string;
  readonly mark: string;
}

export interface FoundDatabase {
  readonly isThere: boolean;
  readonly mark: string | undefined;
}

const markFile = ".sails-supervisor";

export function judgeDatabase(
  home: string,
  known: KnownDatabase | undefined,
  found: FoundDatabase,
  memory: string,
): Blocker | undefined {
  if (known === undefined || known.home !== home) return undefined;
  if (!found.isThere) {
    return {
      kind: "volume",
      why: `${home} has no prefect.db, though the last run had one there: its volume is probably not mounted`,
      cure: `Mount it (\`findmnt --target ${home}\` shows what is there now). To begin with an empty database: rm ${memory}`,
    };
  }
  if (found.mark === known.mark) return undefined;
  return {
    kind: "volume",
    why: `the database in ${home} is not the one of the last run: another volume may be mounted there`,
    cure: `Mount the right one (\`findmnt --target ${home}\` shows what is there now). If this database is the right one: rm ${memory}`,
  };
}

export class DatabaseGuard {
  readonly #home: string;
  readonly #memory: string;
  readonly #files: Files;
  /** A database on another server, or in a file that is named, is not lost with the volume of home. */
  readonly #isInHome: boolean;

  constructor({ prefect, server, stateDir }: Config, files: Files) {
    this.#home = prefect.home;
    this.#memory = join(stateDir, "database.json");
    this.#files = files;
    this.#isInHome = server.enabled && server.databaseUrl === undefined;
  }

  /** Why no server may start; to be asked before anything is written to PREFECT_HOME. */
  async blocker(): Promise<Blocker | undefined> {
    if (!this.#isInHome) return undefined;
    const known = await this.#known();
    return known && judgeDatabase(this.#home, known, await this.#found(), this.#memory);
  }

  /** What home was marked with in the last run; undefined if there was none, or nothing to be marked. */
  async mark(): Promise<string | undefined> {
    if (!this.#isInHome) return undefined;
    const known = await this.#known();
    return known?.home === this.#home ? known.mark : undefined;
  }

  /** Once a server is ready: from now on it is this database that is expected. */
  async remember(): Promise<void> {
    if (!this.#isInHome) return;
    const { isThere, mark: found } = await this.#found();
    if (!isThere) return;
    const mark = found ?? randomUUID();
    const known = await this.#known();
    if (found === undefined) await this.#files.write(join(this.#home, markFile), `${mark}\n`);
    if (known?.home === this.#home && known.mark === mark) return;
    const next: KnownDatabase = { home: this.#home, mark };
    await this.#files.write(this.#memory, `${JSON.stringify(next)}\n`);
  }

  /** What has been put there on purpose is what is expected from now on. */
  async accept(): Promise<void> {
    if (!this.#isInHome) return;
    const known = await this.#known();
    const { mark } = await this.#found();
    if (mark === undefined && known?.home === this.#home) {
      await this.#files.write(join(this.#home, markFile), `${known.mark}\n`);
    }
    await this.remember();
  }

  async #known(): Promise<KnownDatabase | undefined> {
    const text = await this.#files.read(this.#memory);
    // A damaged one tells nothing: that must not keep a server from starting.
    const parsed = shape.safeParse(safeJson(text ?? ""));
    return parsed.success ? parsed.data : undefined;
  }

  async #found(): Promise<FoundDatabase> {
    const mark = (await this.#files.read(join(this.#home, markFile)))?.trim();
    return { isThere: await this.#files.exists(join(this.#home, "prefect.db")), mark };
  }
}

const shape = z.object({ home: z.string(), mark: z.string() });

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
