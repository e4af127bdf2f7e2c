/** Chooses the route of a request. Knows nothing of what the routes do. */
import { type Reply, text, type WholeReply } from "./reply.ts";

export interface Route {
  /** GET is HEAD, too. */
  readonly method: "GET" | "POST";
  /** `/livez`, or `/readyz/*` for all that is below it. */
  readonly path: string;
  readonly answer: (asked: Asked) => Reply | Promise<Reply>;
}

export interface Asked {
  /** What the `*` of the path stood for, else empty. */
  readonly rest: string;
  readonly query: URLSearchParams;
  /** Empty but for POST. */
  readonly body: string;
}

export type Choice =
  | { readonly kind: "route"; readonly route: Route; readonly asked: Omit<Asked, "body"> }
  | { readonly kind: "none"; readonly reply: WholeReply };

export function chooseRoute(routes: readonly Route[], method: string, target: string): Choice {
  const mark = target.indexOf("?");
  const path = decodePath(mark < 0 ? target : target.slice(0, mark));
  if (path === undefined) return none(text(400, "The path of this request cannot be decoded."));

  const here = routes.flatMap((route) => {
    const rest = matchPath(route.path, path);
    return rest === undefined ? [] : [{ route, rest }];
  });
  if (here.length === 0) return none(text(404, "There is nothing here. The status page is /"));

  const wanted = method === "HEAD" ? "GET" : method;
  const found = here.find(({ route }) => route.method === wanted);
  if (found === undefined) {
    const allowed = here.flatMap(({ route }) =>
      route.method === "GET" ? ["GET", "HEAD"] : [route.method],
    );
    const Allow = [...new Set(allowed)].join(", ");
    return none(text(405, `Here is ${Allow} only.`, { Allow }));
  }
  const query = new URLSearchParams(mark < 0 ? "" : target.slice(mark + 1));
  return { kind: "route", route: found.route, asked: { rest: found.rest, query } };
}

const none = (reply: WholeReply): Choice => ({ kind: "none", reply });

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function matchPath(pattern: string, path: string): string | undefined {
  if (!pattern.endsWith("*")) return pattern === path ? "" : undefined;
  const folder = pattern.slice(0, -1);
  return path.startsWith(folder) && path.length > folder.length
    ? path.slice(folder.length)
    : undefined;
}
