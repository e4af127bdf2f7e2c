/** Which database the server has, and which further ones are backed up with it. */
import { basename, extname, join } from "node:path";
import type { Config } from "../../config/config.ts";
import type { DatabaseSource, PostgresConnection } from "../ports-database.ts";

/** Undefined where the server is elsewhere: its database is somebody else's. */
export function serverDatabase({ server, prefect }: Config): DatabaseSource | undefined {
  if (!server.enabled) return undefined;
  const { databaseUrl } = server;
  if (databaseUrl === undefined) {
    return { kind: "sqlite", name: "prefect", file: join(prefect.home, "prefect.db") };
  }
  const file = /^sqlite\+aiosqlite:\/\/\/([^?]+)/.exec(databaseUrl)?.[1];
  return file === undefined
    ? { kind: "postgres", name: "prefect", connection: connectionOf(databaseUrl) }
    : { kind: "sqlite", name: "prefect", file: decodeURIComponent(file) };
}

export function backupSources(config: Config): readonly DatabaseSource[] {
  const own = serverDatabase(config);
  const further = config.jobs.backup.databases.map((file): DatabaseSource => {
    return { kind: "sqlite", name: basename(file, extname(file)), file };
  });
  return own === undefined ? further : [own, ...further];
}

function connectionOf(url: string): PostgresConnection {
  // The scheme is SQLAlchemy's: its "+" is all right, yet a plain one reads better in faults.
  const { hostname, port, username, password, pathname, searchParams } = new URL(
    url.replace(/^[^:]+:/, "postgres:"),
  );
  const given = (text: string): string | undefined =>
    text === "" ? undefined : decodeURIComponent(text);
  const database = given(pathname.slice(1));
  return {
    host: searchParams.get("host") ?? given(hostname.replace(/^\[(.*)\]$/, "$1")),
    port: port === "" ? (searchParams.has("host") ? undefined : 5432) : Number(port),
    user: given(username),
    password: given(password),
    database: database ?? given(username) ?? "postgres",
    sslmode: searchParams.get("sslmode") ?? searchParams.get("ssl") ?? undefined,
  };
}
