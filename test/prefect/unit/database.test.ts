import { expect, test } from "vitest";
import { backupSources, serverDatabase } from "../../../src/prefect/database/place.ts";
import { type RestorePorts, restoreDatabase } from "../../../src/prefect/database/restore.ts";
import { judgeRevision } from "../../../src/prefect/database/revision.ts";
import type { DatabaseReply, DatabaseWork } from "../../../src/prefect/ports-database.ts";
import { configOf, noJobs } from "./given.ts";

test.each([
  [undefined, { kind: "sqlite", name: "prefect", file: "/data/prefect/prefect.db" }],
  [
    "sqlite+aiosqlite:////mnt/db/p.sqlite?timeout=5",
    { kind: "sqlite", name: "prefect", file: "/mnt/db/p.sqlite" },
  ],
  [
    "postgresql+asyncpg://me:a%40b%3A@db.example.org:80/prefect?ssl=require",
    {
      kind: "postgres",
      name: "prefect",
      connection: {
        host: "db.example.org",
        port: 80,
        user: "me",
        password: "a@b:",
        database: "prefect",
        sslmode: "require",
      },
    },
  ],
  [
    "postgresql+asyncpg://me@/prefect?host=/run/postgresql",
    {
      kind: "postgres",
      name: "prefect",
      connection: {
        host: "/run/postgresql",
        port: undefined,
        user: "me",
        password: undefined,
        database: "prefect",
        sslmode: undefined,
      },
    },
  ],
])("the database of %s", (databaseUrl, source) => {
  expect(serverDatabase(configOf({ server: { databaseUrl } }))).toEqual(source);
});

test("further databases go with it, and alone where the server is elsewhere", () => {
  const backup = { ...noJobs.backup, databases: ["/mnt/sky.sqlite"] };
  const sky = { kind: "sqlite", name: "sky", file: "/mnt/sky.sqlite" };
  const jobs = { ...noJobs, backup };
  expect(backupSources(configOf({ jobs }))).toMatchObject([{ name: "prefect" }, sky]);
  expect(backupSources(configOf({ jobs, server: { enabled: false } }))).toEqual([sky]);
});

const known = { sqlite: ["aaa", "bbb"], postgres: ["ppp"] };

test.each([
  ["aaa", known, "fits"],
  ["zzz", known, "refused"],
  [undefined, known, "refused"],
  ["zzz", undefined, "unknown"],
  [undefined, undefined, "refused"],
])("revision %s of %j: %s", (revision, revisions, kind) => {
  expect(judgeRevision(revision, "sqlite", revisions).kind).toBe(kind);
});

const contents = { format: "sqlite", bytes: 1, revision: "aaa", flowRuns: 7 } as const;
const failure = { kind: "failed", reason: "space", why: "no space", cure: undefined } as const;

function rig(changes: Partial<RestorePorts> = {}, replies: Record<string, DatabaseReply> = {}) {
  const done: string[] = [];
  const usual: Record<string, DatabaseReply> = {
    verify: { kind: "verified", contents },
    stage: { kind: "staged", contents },
    swap: { kind: "restored", kept: "/old" },
    ...replies,
  };
  const note =
    <T>(what: string, value: T) =>
    async (): Promise<T> => {
      done.push(what);
      return value;
    };
  const ports: RestorePorts = {
    work: async ({ kind }: DatabaseWork) => {
      done.push(kind);
      return usual[kind] ?? failure;
    },
    knownRevisions: async () => known,
    stopUsers: note("stop", undefined),
    startUsers: note("start", undefined),
    accept: note("accept", undefined),
    step: () => undefined,
    ...changes,
  };
  const target = { kind: "sqlite", name: "prefect", file: "/data/prefect.db" } as const;
  return { done, restore: () => restoreDatabase({ file: "/b.db", target, directory: "/" }, ports) };
}

test("nothing is stopped before the backup lies, checked, where it is to be used", async () => {
  const { done, restore } = rig();
  expect(await restore()).toEqual({
    kind: "restored",
    contents,
    kept: "/old",
    trouble: undefined,
  });
  expect(done).toEqual(["verify", "stage", "stop", "swap", "accept", "start"]);
});

test.each([
  ["is damaged", { verify: failure }, ["verify"]],
  ["has no room", { stage: failure }, ["verify", "stage"]],
  [
    "cannot be put in place: what was stopped is started again",
    { swap: failure },
    ["verify", "stage", "stop", "swap", "start"],
  ],
])("a backup that %s", async (_, replies, steps) => {
  const { done, restore } = rig({}, replies);
  expect(await restore()).toEqual(failure);
  expect(done).toEqual(steps);
});

test("what cannot be stopped in time is started again, and the database is as it was", async () => {
  const { done, restore } = rig({ stopUsers: async () => "worker@a could not be stopped in time" });
  expect(await restore()).toMatchObject({
    kind: "failed",
    why: "the database is as it was: worker@a could not be stopped in time",
  });
  expect(done).toEqual(["verify", "stage", "start"]);
});

test("a backup of another kind, or of a newer Prefect, is refused", async () => {
  const dump = { ...contents, format: "postgres" } as const;
  expect(await rig({}, { verify: { kind: "verified", contents: dump } }).restore()).toMatchObject({
    why: "/b.db is of PostgreSQL, and the server has SQLite",
  });
  const newer = { ...contents, revision: "zzz" };
  expect(await rig({}, { verify: { kind: "verified", contents: newer } }).restore()).toMatchObject({
    cure: "install that newer Prefect, or choose an older backup",
  });
});
