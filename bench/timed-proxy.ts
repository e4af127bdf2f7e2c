/** Stands between the daemon and Prefect's API, and notes when each question was asked and answered. */
import { once } from "node:events";
import { createServer, request } from "node:http";

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly from: number;
  readonly to: number;
}

export interface TimedProxy extends AsyncDisposable {
  /** With `/api`. */
  readonly apiUrl: string;
  readonly exchanges: readonly Exchange[];
}

export async function openTimedProxy(apiUrl: string): Promise<TimedProxy> {
  const exchanges: Exchange[] = [];
  const { hostname, port } = new URL(apiUrl);
  const server = createServer((asked, answer) => {
    const { method = "", url: path = "", headers } = asked;
    const from = performance.now();
    const options = { hostname, port, method, path, headers, agent: false };
    const through = request(options, (response) => {
      answer.writeHead(response.statusCode ?? 502, response.headers);
      response.pipe(answer);
      response.once("end", () => exchanges.push({ method, path, from, to: performance.now() }));
    });
    through.once("error", () => answer.destroy());
    asked.pipe(through);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return {
    apiUrl: `http://127.0.0.1:${address.port}/api`,
    exchanges,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** For how long at least one of them was under way. */
export function busyMs(exchanges: readonly Exchange[]): number {
  let busy = 0;
  let until = Number.NEGATIVE_INFINITY;
  for (const { from, to } of exchanges.toSorted((one, other) => one.from - other.from)) {
    busy += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return busy;
}
