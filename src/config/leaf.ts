/** The kinds of single values that keys take. Each says itself what is wrong with a text. */
import { isIP } from "node:net";
import * as z from "zod";
import { parseAddress } from "./address.ts";
import { cronFault, jobCronFault } from "./cron.ts";
import { longestTimer, parseDuration } from "./duration.ts";
import { isVariableName } from "./env-file.ts";
import { findPlaceholder } from "./placeholder.ts";
import { maskUrls } from "./secrets.ts";
import { parseSize } from "./size.ts";

/** What loading must know of a value beyond its type. */
/** `secret`: what is shown of it nowhere. */
export type Kind = "path" | "python" | "program" | "variables" | "secret";
export const kinds = z.registry<{ readonly kind: Kind }>();

/** What is wrong with a text, as it reads after its key; undefined if nothing is. */
type Judge = (text: string) => string | undefined;

/** @param title what is expected, as it reads after "expected" */
function text(title: string, judge: Judge): z.ZodString {
  return z
    .string()
    .superRefine((value, context) => {
      const message = value.includes("\0") ? "holds a NUL byte" : judge(value);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .meta({ title });
}

const quoted = (value: string): string =>
  `is "${maskUrls(value.length > 60 ? `${value.slice(0, 60)}…` : value)}"`;
const unless =
  (isRight: (value: string) => boolean): Judge =>
  (value) =>
    isRight(value) ? undefined : quoted(value);

export const words = text("text", (value) => (value.trim() === "" ? "is empty" : undefined));

const judgePath: Judge = (value) => {
  if (value.trim() === "") return "is empty";
  // A shell would put the value in; neither we nor systemd do.
  return /(^|\/)\$[A-Za-z_{]/.test(value) ? "holds a variable, which stays as it is" : undefined;
};
export const path = text("a path, written out or beginning with ~/", judgePath);
kinds.add(path, { kind: "path" });

export const python = text("a version such as 3.12, or the path of an interpreter", (value) =>
  value.includes("/") ? judgePath(value) : unless((v) => /^\d+(\.\d+){0,2}$/.test(v))(value),
);
kinds.add(python, { kind: "python" });

const durations = "such as 500ms, 30s, 15m, 12h or 7d";
export const duration = text(
  `a duration ${durations}`,
  unless((v) => (parseDuration(v) ?? 0) > 0),
);

const judgeTimer: Judge = (value) => {
  const span = parseDuration(value);
  return span === undefined || span > longestTimer ? quoted(value) : undefined;
};
export const timer = text(`a duration ${durations}, at most 24d`, judgeTimer);
export const positiveTimer = text(`a duration above 0 ${durations}, at most 24d`, (value) =>
  parseDuration(value) === 0 ? quoted(value) : judgeTimer(value),
);

/** More often would be work without an end. */
export const everySpan = text(`a duration from 1s to 24d ${durations}`, (value) =>
  (parseDuration(value) ?? 0) < 1000 ? quoted(value) : judgeTimer(value),
);

const isSize = (value: string): boolean => (parseSize(value) ?? 0) > 0;
export const size = text("a size such as 500MB or 2GB", unless(isSize));
export const spanOrSize = text(
  "a duration such as 2d, or a size such as 5GB",
  unless((value) => (parseDuration(value) ?? 0) > 0 || isSize(value)),
);

const judgeUrl: Judge = (value) => {
  const placeholder = findPlaceholder(value);
  if (placeholder !== undefined) return `still holds the placeholder ${placeholder}`;
  // Not the value itself: a URL may hold a password.
  return /^https?:\/\//.test(value) && URL.canParse(value) ? undefined : "is not such an address";
};
export const url = text("a URL that begins with http:// or https://", judgeUrl);

/** Of a webhook, the address alone lets anybody post. */
export const secretUrl = text("a URL that begins with http:// or https://", judgeUrl);
kinds.add(secretUrl, { kind: "secret" });

export const databaseUrl = text(
  "postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE or sqlite+aiosqlite:////PATH",
  (value) =>
    /^(postgresql\+asyncpg:\/\/.|sqlite\+aiosqlite:\/\/\/.)/.test(value)
      ? undefined
      : "names no database that Prefect can use",
);

export const host = text(
  "an address such as 127.0.0.1 or a host's name",
  unless((v) => isIP(v) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(v)),
);
export const listener = text(
  "HOST:PORT, such as 127.0.0.1:9746 or [::1]:9746",
  unless((v) => parseAddress(v) !== undefined),
);
export const endpoint = text(
  "HOST:PORT, such as 127.0.0.1:5432",
  unless((v) => (parseAddress(v)?.port ?? 0) > 0),
);

// oxlint-disable-next-line no-control-regex -- they are what must not be there
const unfitForPool = /^$|^prefect|[/%:@&<>\u0000-\u001F\u007F]|^\s|\s$/i;
/** The name of a unit too. Prefect itself refuses some of these, and keeps what begins with its name. */
export const poolName = text(
  'a name without / % : @ & < >, blanks around it or "prefect" in front',
  (value) => (unfitForPool.test(value) ? quoted(JSON.stringify(value).slice(1, -1)) : undefined),
);
export const serviceName = text(
  "a name of letters, digits, . _ and -",
  unless((v) => /^[A-Za-z0-9._-]+$/.test(v)),
);
export const profileName = text(
  "a name of letters, digits, _ and -",
  unless((v) => /^[A-Za-z0-9_-]+$/.test(v)),
);
export const deploymentName = text(
  "FLOW/NAME",
  unless((v) => /^[^/]+\/[^/]+$/.test(v)),
);

export const cron = text('five fields such as "*/15 * * * *", or @daily', cronFault);
export const jobCron = text('five fields such as "17 3 * * *", or @daily', jobCronFault);
export const rrule = text(
  "a rule of RFC 5545 such as FREQ=DAILY;BYHOUR=3",
  unless((v) => /(^|[:;\n])FREQ=[A-Z]+/.test(v)),
);
export const timezone = text("a time zone such as UTC or Europe/Berlin", unless(isTimezone));

function isTimezone(name: string): boolean {
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions();
    // Python looks for a file of that name: offsets and other spellings are none.
    return (
      /^[A-Z]/i.test(name) && (timeZone === name || timeZone.toLowerCase() !== name.toLowerCase())
    );
  } catch {
    return false;
  }
}

const judgeVariable: Judge = (name) =>
  isVariableName(name) ? undefined : "is no name of a variable";

/** Variables that have a key of their own; two places for one thing would contradict each other. */
export const ownKeys: ReadonlyMap<string, string> = new Map([
  ["PREFECT_HOME", "prefect.home"],
  ["PREFECT_PROFILE", "prefect.profile"],
  ["PREFECT_API_URL", "prefect.api_url"],
  ["PREFECT_UI_API_URL", "server.public_url"],
  ["PREFECT_SERVER_DATABASE_CONNECTION_URL", "server.database_url"],
  ["PREFECT_API_DATABASE_CONNECTION_URL", "server.database_url"],
]);
const variableName = text("a name of letters, digits and _", judgeVariable);
const prefectVariableName = text("a variable without a key of its own", (name) =>
  ownKeys.has(name) ? `has a key of its own, ${ownKeys.get(name)}` : judgeVariable(name),
);

const variableValue = text("text", () => undefined);
export const variables = z
  .record(variableName, variableValue)
  .meta({ title: "a map of variables to text" });
export const prefectVariables = z
  .record(prefectVariableName, variableValue)
  .meta({ title: "a map of variables to text" });
kinds.add(variables, { kind: "variables" });
kinds.add(prefectVariables, { kind: "variables" });

const argument = text("text", () => undefined);
export const command = z
  .array(argument)
  .min(1)
  .meta({ title: "a list of words, the program first" });
kinds.add(command, { kind: "program" });

export const port = z.int().min(1).max(65_535);

/** As `htpasswd -B` makes it. */
export const bcryptHash = text(
  'a bcrypt hash, as "htpasswd -nBC 10 USER" prints it after the colon',
  (value) => (/^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/.test(value) ? undefined : "is no bcrypt hash"),
);
