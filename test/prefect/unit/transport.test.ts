import { describe, expect, test } from "vitest";
import { type Call, sendOnce, sendPersistently } from "../../../src/prefect/api/transport.ts";
import { signal } from "./given.ts";
import { loopbackServer, type Reply } from "./loopback-server.ts";

const get: Call = { method: "GET", path: "/thing" };
const asIs = (body: unknown): unknown => body;

const sender = (
  url: string,
  { auth = undefined as string | undefined, requestTimeoutMs = 20_000 } = {},
) => sendOnce({ url, auth, requestTimeoutMs });

/** What one call gets from a server that gives this answer. */
async function answerTo(reply: Reply, call = get) {
  await using server = await loopbackServer(reply);
  const answer = await sender(server.url)(call, asIs, signal);
  return { answer, url: server.url, received: server.received };
}

describe("one request", () => {
  test("brings its path, its body and what is answered", async () => {
    const call: Call = { method: "PATCH", path: "/work_pools/ä%2F", body: { name: "日本 ☂" } };
    const { answer, received } = await answerTo(() => [200, '{"says":"naïve 🚀"}'], call);
    expect(answer).toEqual({ kind: "ok", value: { says: "naïve 🚀" } });
    expect(received).toEqual([
      {
        method: "PATCH",
        path: "/api/work_pools/%C3%A4%2F",
        authorization: undefined,
        body: '{"name":"日本 ☂"}',
      },
    ]);
  });

  test.each([
    [200, {}, 1],
    [500, {}, 1],
    [503, { "prefect-maintenance": "true" }, 0],
  ])("an answer of status %s with %o is heard %s times", async (status, headers, times) => {
    let heard = 0;
    await using server = await loopbackServer(() => [status, "{}", headers]);
    const send = sendOnce({
      url: server.url,
      auth: undefined,
      requestTimeoutMs: 20_000,
      heard: () => (heard += 1),
    });
    await send(get, asIs, signal);
    expect(heard).toBe(times);
  });

  test("an answer without a body is one too", async () => {
    expect((await answerTo(() => [204, ""])).answer).toEqual({ kind: "ok", value: undefined });
  });

  test.each(["user:secret", "user:pässword", "user:密"])(
    "%s goes as Basic, in UTF-8",
    async (auth) => {
      await using server = await loopbackServer(() => [200, "1"]);
      await sender(server.url, { auth })(get, asIs, signal);
      const [scheme, words = ""] = server.received[0]?.authorization?.split(" ") ?? [];
      expect([scheme, Buffer.from(words, "base64").toString()]).toEqual(["Basic", auth]);
    },
  );

  test("a hundred of them, one after the other, leave no connection open", async () => {
    await using server = await loopbackServer(() => [200, "[]"]);
    const send = sender(server.url);
    for (let i = 0; i < 100; i += 1) {
      await send(get, asIs, signal);
    }
    expect(server.received).toHaveLength(100);
    expect(server.open()).toBeLessThanOrEqual(1);
  });
});

describe("a refusal, in Prefect's own words", () => {
  test.each([
    [
      401,
      '{"exception_message":"Unauthorized"}',
      "Prefect answered 401: Unauthorized (is server.auth_file the one that the server has?)",
    ],
    [403, '{"detail":"Missing CSRF token."}', "Prefect answered 403: Missing CSRF token."],
    [404, '{"exception_message":"Pool not found"}', "Prefect answered 404: Pool not found"],
    [404, '{"detail":"Not Found"}', "Prefect answered 404: Not Found"],
    [
      422,
      '{"exception_message":"Invalid request received.","exception_detail":[{"type":"greater_than_equal","loc":["body","concurrency_limit"],"msg":"Input should be greater than or equal to 0","input":-1},{"type":"extra_forbidden","loc":["body",0,"bogus"],"msg":"Extra inputs are not permitted","input":1}],"request_body":"secret"}',
      "Prefect answered 422: Invalid request received. body.concurrency_limit: Input should be greater than or equal to 0; body.0.bogus: Extra inputs are not permitted",
    ],
    [
      422,
      '{"detail":[{"loc":["query","limit"],"msg":"too many"}]}',
      "Prefect answered 422: query.limit: too many",
    ],
    [409, '{"detail":{"odd":true}}', 'Prefect answered 409: {"odd":true}'],
    [500, "Internal Server Error", "Prefect answered 500: Internal Server Error"],
    [502, "<html>no gateway</html>", "Prefect answered 502: <html>no gateway</html>"],
  ])("%i %s", async (status, body, why) => {
    expect((await answerTo(() => [status, body])).answer).toEqual({ kind: "refused", status, why });
  });

  test("is never longer than one can read", async () => {
    const { answer } = await answerTo(() => [500, "x".repeat(100_000)]);
    expect(answer.kind === "refused" && answer.why.length).toBeLessThan(400);
  });
});

test("who says that the server is away does not speak for it, and is not asked eight times", async () => {
  const body = '{"exception_message":"Prefect\'s server is away: died","detail":"Ask again"}';
  const asked = await answerTo(() => [503, body, { "Prefect-Maintenance": "true" }]);
  expect(asked.answer).toEqual({ kind: "unreachable", why: "Prefect's server is away: died" });
  const silent = await answerTo(() => [503, "", { "Prefect-Maintenance": "true" }]);
  expect(silent.answer).toMatchObject({
    kind: "unreachable",
    why: expect.stringContaining("maintenance"),
  });
});

describe("what is no answer", () => {
  test.each(["<html>a proxy</html>", "{", '"quo'])("%s is not Prefect's", async (body) => {
    const { answer, url } = await answerTo(() => [200, body]);
    expect(answer).toEqual({
      kind: "refused",
      status: 200,
      why: `${url} gave an answer that is not Prefect's`,
    });
  });

  test("nobody listens", async () => {
    const server = await loopbackServer(() => [200, "1"]);
    await server[Symbol.asyncDispose]();
    const answer = await sender(server.url)(get, asIs, signal);
    expect(answer).toEqual({ kind: "unreachable", why: `nothing listens at ${server.url}` });
  });

  test("a name that is none", async () => {
    const answer = await sender("http://prefect.invalid/api")(get, asIs, signal);
    expect(answer).toMatchObject({
      kind: "unreachable",
      why: expect.stringMatching(/^http:\/\/prefect\.invalid\/api cannot be reached: [A-Z_]+$/),
    });
  });

  test("somebody who says nothing is left after the time", async () => {
    await using server = await loopbackServer(() => "silence");
    const answer = await sender(server.url, { requestTimeoutMs: 100 })(get, asIs, signal);
    expect(answer).toEqual({
      kind: "unreachable",
      why: `${server.url} did not answer within 0.1 s`,
    });
  });

  test("one who is in a hurry need not wait for the time", async () => {
    const hurry = new AbortController();
    await using server = await loopbackServer(() => (hurry.abort(), "silence"));
    const answer = await sender(server.url)(get, asIs, hurry.signal);
    expect(answer.kind).toBe("unreachable");
    expect(await sender(server.url)(get, asIs, hurry.signal)).toMatchObject({
      kind: "unreachable",
    });
    expect(server.received).toHaveLength(1);
  });
});

describe("a write", () => {
  /** Pauses take no time, and are noted. */
  async function persistently(reply: Reply, stopAfter = Number.POSITIVE_INFINITY) {
    await using server = await loopbackServer(reply);
    const pauses: number[] = [];
    const stop = new AbortController();
    const send = sendPersistently(sender(server.url), (span) => {
      pauses.push(span);
      if (pauses.length === stopAfter) stop.abort();
      return Promise.resolve();
    });
    const write: Call = { method: "POST", path: "/work_pools/", body: { name: "a" } };
    const answer = await send(write, asIs, stop.signal);
    return { answer, pauses, bodies: server.received.map(({ body }) => body) };
  }
  const busy = [503, '{"exception_message":"Service Unavailable"}'] as const;

  test("is repeated while the database is locked, with the same body", async () => {
    const { answer, pauses, bodies } = await persistently((_, count) =>
      count < 4 ? busy : [201, '{"id":1}'],
    );
    expect(answer).toEqual({ kind: "ok", value: { id: 1 } });
    expect(pauses).toEqual([200, 400, 800]);
    expect(bodies).toEqual(Array.from({ length: 4 }, () => '{"name":"a"}'));
  });

  test("is given up after eight attempts, 25 s later", async () => {
    const { answer, pauses, bodies } = await persistently(() => busy);
    expect(answer).toEqual({
      kind: "refused",
      status: 503,
      why: "Prefect answered 503: Service Unavailable",
    });
    expect(bodies).toHaveLength(8);
    expect(pauses.reduce((sum, span) => sum + span, 0)).toBe(25_400);
  });

  test.each([400, 401, 403, 404, 409, 422, 500, 502])("%i is not asked again", async (status) => {
    const { answer, bodies } = await persistently(() => [status, "{}"]);
    expect([answer.kind, bodies.length]).toEqual(["refused", 1]);
  });

  test("ends with the daemon, in the middle of its pauses", async () => {
    const { answer, pauses } = await persistently(() => busy, 3);
    expect([answer.kind, pauses.length]).toEqual(["unreachable", 3]);
  });

  test("waits in truth, and no longer than it must", async () => {
    const stop = new AbortController();
    await using server = await loopbackServer(() => (setTimeout(() => stop.abort(), 20), busy));
    const started = performance.now();
    const send = sendPersistently(sender(server.url));
    await send({ method: "POST", path: "/x" }, asIs, stop.signal);
    expect(server.received).toHaveLength(1);
    expect(performance.now() - started).toBeGreaterThanOrEqual(19);
  });
});
