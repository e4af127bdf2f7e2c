import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { expect, test } from "vitest";
import { findPortOwner, probePort } from "../../src/host/port-owner.ts";
import { isInTheWay, parseTcpListeners } from "../../src/host/tcp-listeners.ts";

async function listen(host: string): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, host);
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP port");
  return { server, port: address.port };
}

test.each(["127.0.0.1", "0.0.0.0", "::1", "::"])(
  "a port that %s listens on is taken, and by whom is known",
  async (host) => {
    const { server, port } = await listen(host);
    expect(await probePort(host, port)).toEqual({ kind: "taken" });
    expect(findPortOwner(host, port)).toMatchObject({
      kind: "process",
      pid: process.pid,
      command: expect.arrayContaining([expect.stringContaining("node")]),
    });
    server.close();
    await once(server, "close");
    expect(await probePort(host, port)).toEqual({ kind: "free" });
    expect(findPortOwner(host, port)).toEqual({ kind: "nobody" });
  },
);

test("one address in use takes the port of any address, and the other way round", async () => {
  const one = await listen("127.0.0.1");
  expect(await probePort("0.0.0.0", one.port)).toEqual({ kind: "taken" });
  expect(findPortOwner("0.0.0.0", one.port)).toMatchObject({ pid: process.pid });
  expect(await probePort("127.0.0.2", one.port)).toEqual({ kind: "free" });
  expect(findPortOwner("127.0.0.2", one.port)).toEqual({ kind: "nobody" });
  one.server.close();
  const any = await listen("0.0.0.0");
  expect(await probePort("127.0.0.1", any.port)).toEqual({ kind: "taken" });
  expect(findPortOwner("127.0.0.1", any.port)).toMatchObject({ pid: process.pid });
  any.server.close();
});

test("an address of another machine is told from a port that is taken", async () => {
  expect(await probePort("192.0.2.1", 4200)).toEqual({ kind: "no-such-address" });
  expect(await probePort("no-such-host.invalid", 4200)).toMatchObject({ kind: "unusable" });
});

test("a port of the system's is not permitted to a user", async (ctx) => {
  if (process.getuid?.() === 0) ctx.skip("root may listen on every port");
  expect(await probePort("127.0.0.1", 81)).toEqual({ kind: "not-permitted" });
});

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1068 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
   1: 0100007F:1068 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 20 4 30 10 -1
`;

test("of the kernel's table only the listeners are read", () => {
  expect(parseTcpListeners(table)).toEqual([
    { address: [127, 0, 0, 1], port: 4200, uid: 1000, inode: "4711" },
  ]);
});

test.each([
  ["127.0.0.1", true],
  ["0.0.0.0", true],
  ["::", true],
  ["localhost", true],
  ["10.0.0.1", false],
  ["::1", false],
])("a listener on 127.0.0.1 in the way of %s: %s", (host, isSo) => {
  const [listener] = parseTcpListeners(table);
  expect(listener && isInTheWay(listener, host)).toBe(isSo);
});
