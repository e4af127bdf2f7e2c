/**
 * `npm run bench:backup`: a backup as the daemon makes it, with its check, beside what people type
 * by hand, `sqlite3 prefect.db "VACUUM INTO …"`: in turns, on one database, while others write to it.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs, promisify } from "node:util";
import { databaseChild } from "../src/host/database/database-child.ts";
import { describeMachine, load } from "./machine.ts";
import { ourNode } from "./our-node.ts";
import { median } from "./statistics.ts";
import { ratio, show, table } from "./table.ts";

const usage = `usage: npm run bench:backup -- [--rounds 7] [--megabytes 200] [--directory DIR]
Builds a database of that size and backs it up in both ways while two writers commit to it.`;

const target = 2;

/** One commit every few milliseconds, as a server with twenty busy runs makes them. */
const writer = `
const { DatabaseSync } = require("node:sqlite");
const database = new DatabaseSync(process.argv[1], { timeout: 60000 });
database.exec("PRAGMA synchronous = NORMAL");
let commits = 0;
setInterval(() => {
  database.exec("INSERT INTO flow_run (id, name, payload) VALUES (hex(randomblob(16)), 'load', randomblob(500))");
  if (++commits === 1) process.stdout.write("writes");
}, 6);`;

function build(file: string, megabytes: number): void {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    CREATE TABLE flow_run (id TEXT PRIMARY KEY, name TEXT, payload BLOB);
    CREATE INDEX flow_run_name ON flow_run (name);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${megabytes * 730})
    INSERT INTO flow_run SELECT hex(randomblob(16)), 'run-' || i, randomblob(1000) FROM n;
    PRAGMA wal_checkpoint(TRUNCATE);
  `);
  database.close();
}

async function measure(work: () => Promise<void>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

async function main(rounds: number, megabytes: number, parent: string): Promise<void> {
  const loadBefore = load();
  const directory = await mkdtemp(join(parent, "sails-bench-backup-"));
  const writers: ReturnType<typeof spawn>[] = [];
  try {
    const file = join(directory, "prefect.db");
    build(file, megabytes);
    const { size } = await stat(file);
    for (let count = 0; count < 2; count += 1) {
      const child = spawn(
        ourNode(),
        ["--disable-warning=ExperimentalWarning", "-e", writer, file],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      writers.push(child);
      if (child.stdout !== null) await once(child.stdout, "data");
    }
    const ours: number[] = [];
    const theirs: number[] = [];
    const backups = join(directory, "backups");
    await mkdir(backups);
    for (let round = 0; round < rounds; round += 1) {
      ours.push(await measure(() => backUp(file, backups)));
      const copy = join(directory, "vacuum.db");
      theirs.push(
        await measure(async () => {
          await promisify(execFile)("sqlite3", ["-readonly", file, `VACUUM INTO '${copy}'`]);
        }),
      );
      await rm(copy);
    }
    process.stdout.write(report({ ours, theirs, size, loadBefore, rounds }));
    process.exitCode = median(ours) / median(theirs) <= target ? 0 : 1;
  } finally {
    for (const child of writers) child.kill("SIGKILL");
    await rm(directory, { recursive: true, force: true });
  }
}

async function backUp(file: string, directory: string): Promise<void> {
  const command = [
    ourNode(),
    "--disable-warning=ExperimentalWarning",
    resolve("dist/sails-supervisor.js"),
    "database-work",
  ] as const;
  const work = databaseChild({ command, env: { PATH: process.env["PATH"] ?? "" } });
  const reply = await work(
    {
      kind: "backup",
      directory,
      keep: 1,
      sources: [{ kind: "sqlite", name: "prefect", file }],
    },
    { timeoutMs: 600_000, signal: new AbortController().signal, step: () => undefined },
  );
  if (reply.kind !== "backed-up" || reply.failures.length > 0) {
    throw new Error(JSON.stringify(reply));
  }
}

function report(measured: {
  readonly ours: readonly number[];
  readonly theirs: readonly number[];
  readonly size: number;
  readonly loadBefore: number;
  readonly rounds: number;
}): string {
  const { ours, theirs, size, loadBefore, rounds } = measured;
  const { cores, model, memoryGiB, kernel } = describeMachine();
  const spread = (figures: readonly number[]) => [
    Math.min(...figures),
    median(figures),
    Math.max(...figures),
  ];
  const lines = [
    "# Backup of a database that is written to",
    `${cores} cores (${model}), ${memoryGiB} GiB, Linux ${kernel}; load ${loadBefore.toFixed(1)} before. ${show(size / 1e6)} MB, two writers, ${rounds} rounds in turns.`,
    table(
      ["what", "minimum ms", "median ms", "maximum ms", "÷ VACUUM INTO", "target"],
      [
        ["sqlite3 VACUUM INTO, unchecked", ...spread(theirs), "×1", ""],
        [
          "ours: a process, the copy, integrity check, counts, fsync",
          ...spread(ours),
          ratio(median(ours), median(theirs)),
          `≤ ×${target}`,
        ],
      ],
    ),
    "",
  ];
  return lines.join("\n\n");
}

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "7" },
    megabytes: { type: "string", default: "200" },
    directory: { type: "string", default: tmpdir() },
    help: { type: "boolean", default: false },
  },
});
if (values.help) process.stdout.write(`${usage}\n`);
else await main(Number(values.rounds), Number(values.megabytes), values.directory);
