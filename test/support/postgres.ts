/** A PostgreSQL of a test's own, where its programs are installed. */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { findFreePort } from "../../src/host/free-port.ts";

const run = promisify(execFile);
const root = "/usr/lib/postgresql";

export interface Postgres extends AsyncDisposable {
  readonly port: number;
  /** Of the user `prefect`. */
  readonly password: string;
  readonly sql: (database: string, command: string) => Promise<string>;
}

/** Undefined where it is not installed, or must not be run. */
export async function startPostgres(): Promise<Postgres | undefined> {
  const [version] = await readdir(root).catch(() => []);
  const ids = await userIds("postgres");
  if (version === undefined || ids === undefined || process.getuid?.() !== 0) return undefined;
  const bin = join(root, version, "bin");
  const folder = await mkdtemp("/tmp/sails-postgres-");
  await chown(folder, ids.uid, ids.gid);
  const data = join(folder, "data");
  const as = { ...ids, cwd: folder, env: { PATH: process.env["PATH"] ?? "", LC_ALL: "C" } };
  await run(join(bin, "initdb"), ["-D", data, "-A", "trust", "--no-sync"], as);
  const port = await findFreePort();
  const settings = ["-h", "127.0.0.1", "-p", String(port), "-k", folder, "-c", "fsync=off"];
  const server = spawn(join(bin, "postgres"), ["-D", data, ...settings], {
    ...as,
    stdio: ["ignore", "ignore", "pipe"],
  });
  const ended = once(server, "exit");
  for await (const chunk of server.stderr) {
    if (String(chunk).includes("ready to accept connections")) break;
  }
  const sql = async (database: string, command: string): Promise<string> => {
    const args = [
      "-h",
      folder,
      "-p",
      String(port),
      "-U",
      "postgres",
      "-d",
      database,
      "-Atc",
      command,
    ];
    return (await run(join(bin, "psql"), args)).stdout.trim();
  };
  return {
    port,
    password: "it's a s3cret",
    sql,
    async [Symbol.asyncDispose]() {
      server.kill("SIGQUIT");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function userIds(name: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all(["-u", "-g"].map((flag) => run("id", [flag, name])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}
