/** A server on loopback that answers what the test says, and counts who comes. */

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly body: string;
}

export type Reply = (
  received: Received,
  count: number,
) => readonly [status: number, body: string, headers?: Record<string, string>] | "silence";

export async function loopbackServer(reply: Reply) {
  const received: Received[] = [];
  let open = 0;
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { method = "", url: path = "", headers } = request;
    const body = Buffer.concat(chunks).toString();
    received.push({ method, path, authorization: headers.authorization, body });
    const said = reply(received.at(-1) as Received, received.length);
    if (said === "silence") return;
    response.writeHead(said[0], { "content-type": "application/json", ...said[2] }).end(said[1]);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.on("connection", (socket) => {
    open += 1;
    socket.once("close", () => (open -= 1));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/api`,
    received,
    /** Connections that nobody has closed yet. */
    open: () => open,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
