/** What the variables of a prefect.env mean to us. The file's own form is read in env-file.ts. */
import type { EnvEntry } from "./env-file.ts";
import type { Fault } from "./fault.ts";
import { fillInCure, findPlaceholder } from "./placeholder.ts";
import { isSecretName } from "./secrets.ts";
import type { Assignment } from "./sources.ts";

export interface PrefectEnv {
  readonly assignments: readonly Assignment[];
  readonly faults: readonly Fault[];
  readonly warnings: readonly Fault[];
}

const keyOf: Readonly<Record<string, readonly string[]>> = {
  PREFECT_HOME: ["prefect", "home"],
  PREFECT_UI_API_URL: ["server", "public_url"],
  PREFECT_SERVER_DATABASE_CONNECTION_URL: ["server", "database_url"],
  // Its name before Prefect 3.
  PREFECT_API_DATABASE_CONNECTION_URL: ["server", "database_url"],
};

const dropped: Readonly<Record<string, string>> = {
  PREFECT_PROFILE:
    "every process is told all it needs; prefect.profile names the one of people's shells",
  PREFECT_API_KEY: "keys belong to Prefect Cloud, and would hide the user and password of a server",
};

export function readPrefectEnv(
  file: string,
  entries: readonly EnvEntry[],
  serverEnabled: boolean,
): PrefectEnv {
  const assignments = new Map<string, Assignment>();
  const faults: Fault[] = [];
  const warnings: Fault[] = [];
  // As in a shell, the last line of a name holds; and as in a shell, an empty one says "not set".
  const last = new Map(entries.map((entry) => [entry.name, entry]));
  for (const { name, value, line } of last.values()) {
    const at = { file, line, key: name };
    const why = dropped[name];
    if (why !== undefined) {
      warnings.push({ ...at, message: "is not handed on", cure: why });
      continue;
    }
    const placeholder = findPlaceholder(value);
    if (placeholder !== undefined) {
      const which = isSecretName(name) ? "a placeholder" : `the placeholder ${placeholder}`;
      faults.push({
        file,
        line,
        message: `${name} still holds ${which}`,
        cure: fillInCure(name),
      });
      continue;
    }
    const set = (path: readonly string[], meant: unknown): void => {
      const origin = { kind: "env-file", file, line, name } as const;
      assignments.set(path.join("."), { path, value: meant, origin });
    };
    const path = keyOf[name];
    if (path !== undefined) {
      if (value !== "") set(path, value);
    } else if (name !== "PREFECT_API_URL") {
      set(["prefect", "env", name], value);
    } else if (!serverEnabled) {
      set(["prefect", "api_url"], value);
    } else if (!URL.canParse(value)) {
      faults.push({
        ...at,
        message: "is not a URL",
        expected: "one such as http://127.0.0.1:4200/api",
      });
    } else {
      const port = explicitPort(value);
      if (port !== undefined) set(["server", "port"], port);
      else
        warnings.push({
          ...at,
          message: "is not used: it names no port of http://",
          cure: "server.port says it",
        });
    }
  }
  return { assignments: [...assignments.values()], faults, warnings };
}

/** Not `URL.port`, which is empty for the port that the scheme has anyway. */
function explicitPort(url: string): number | undefined {
  const [, port] =
    /^http:\/\/(?:[^/?#]*@)?(?:\[[^\]]*\]|[^/:?#]*):(\d+)(?:[/?#]|$)/.exec(url) ?? [];
  return port === undefined ? undefined : Number(port);
}
