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

/** As SQLAlchemy reads it, which takes addresses that are no URLs: without a host, with any password. */
const address =
  /^[^:]+:\/\/(?:([^:@/]*)(?::([^@]*))?@)?(\[[^\]]*\]|[^:/?]*)(?::(\d*))?(?:\/([^?]*))?(?:\?(.*))?$/;

function connectionOf(url: string): PostgresConnection {
  const [, user, password, host, port, database, query] = address.exec(url) ?? [];
  const given = (text: string | undefined): string | undefined =>
    text === undefined || text === "" ? undefined : decoded(text);
  const options = new URLSearchParams(query);
  return {
    host: options.get("host") ?? given(host?.replace(/^\[(.*)\]$/, "$1")),
    port: given(port) === undefined ? undefined : Number(port),
    user: given(user),
    password: given(password),
    database: given(database) ?? given(user) ?? "postgres",
    sslmode: options.get("sslmode") ?? options.get("ssl") ?? undefined,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
