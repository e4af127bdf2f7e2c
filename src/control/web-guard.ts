/** Who may read the pages: decides before any route is asked. */
import type { IncomingMessage } from "node:http";
import type { PasswordCheck } from "./password-check.ts";
import { text, type WholeReply } from "./reply.ts";
import type { WebSecurity } from "./web-security.ts";

export interface WebGuard {
  readonly users: () => WebSecurity["users"];
  readonly check: PasswordCheck;
  /** The verdict of /readyz, without its reasons. */
  readonly isReady: () => boolean;
}

/** Whoever restarts a machine or balances a load has no password, and is told nothing but yes or no. */
const liveness = ["/livez", "/healthz", "/-/healthy"];
const readiness = ["/readyz", "/-/ready"];

/** Undefined: let it pass. */
export async function refusal(
  guard: WebGuard,
  { method, url = "", headers }: IncomingMessage,
): Promise<WholeReply | undefined> {
  if (method !== "GET" && method !== "HEAD") {
    const why = "Nothing can be changed here. Orders go to the control socket";
    return text(405, `${why}: \`sails-supervisor --help\` says how.`, { Allow: "GET, HEAD" });
  }
  const users = guard.users();
  if (Object.keys(users).length === 0 || liveness.includes(url)) return undefined;
  const given = credentialsIn(headers.authorization);
  const verdict =
    given === undefined
      ? "wrong"
      : await guard.check.check(ownOf(users, given.name), given.password);
  if (verdict === "right") return undefined;
  if (verdict === "busy") {
    const why = "Too many passwords are being looked at. Try again in a minute.";
    return text(503, why, { "Retry-After": "60" });
  }
  if (readiness.includes(url)) {
    return guard.isReady() ? text(200, "ok") : text(503, "not ready; the password tells why");
  }
  const challenge = { "WWW-Authenticate": 'Basic realm="sails-supervisor", charset="UTF-8"' };
  return text(401, "A name and a password are asked for here (web.config_file).", challenge);
}

const ownOf = (users: WebSecurity["users"], name: string): string | undefined =>
  Object.hasOwn(users, name) ? users[name] : undefined;

function credentialsIn(
  header: string | undefined,
): { readonly name: string; readonly password: string } | undefined {
  const coded = /^Basic +([A-Za-z0-9+/]+=*) *$/i.exec(header ?? "")?.[1];
  if (coded === undefined) return undefined;
  const plain = Buffer.from(coded, "base64").toString();
  const colon = plain.indexOf(":");
  return colon < 0 ? undefined : { name: plain.slice(0, colon), password: plain.slice(colon + 1) };
}
