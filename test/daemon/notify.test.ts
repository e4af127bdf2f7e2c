/** The real daemon tells: of a unit that fails, of its recovery, and that a message did not arrive. */
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import type { Message } from "../../src/notify/event.ts";
import { Workplace } from "../support/daemon-process.ts";

/** Takes messages, and hands them out as they come. */
async function receiver(): Promise<{ url: string; next: (event: string) => Promise<Message> }> {
  const got: Message[] = [];
  const came = new EventTarget();
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      got.push(JSON.parse(body) as Message);
      response.end();
      came.dispatchEvent(new Event("message"));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" ? address?.port : 0;
  const next = async (event: string): Promise<Message> => {
    for (;;) {
      const found = got.find((message) => message.event === event);
      if (found !== undefined) return found;
      await new Promise((done) => came.addEventListener("message", done, { once: true }));
    }
  };
  return { url: `http://127.0.0.1:${port}/hooks/SECRET`, next };
}

test("of a unit that fails and recovers, and of a target that is away", async () => {
  const { url, next } = await receiver();
  const place = await Workplace.make({});
  const [script, told] = [join(place.directory, "service"), join(place.directory, "told")];
  await writeFile(script, "exit 3");
  await place.configure({
    server: { enabled: false },
    services: [{ name: "tunnel", command: ["/bin/sh", script], restart_max_delay: "1s" }],
    notify: [
      { name: "chat", url },
      { name: "file", command: ["/bin/sh", "-c", `cat >>${told}`] },
      { name: "nobody", url: url.replace(/:\d+/, ":9"), on: ["breaker-open"] },
    ],
  });
  const daemon = place.start();
  const failing = await next("unit-failing");
  expect(failing).toMatchObject({ version: 1, subject: "service@tunnel", held: 0 });
  expect(failing.text).toContain("exited with status 3");

  await writeFile(script, "exec sleep 1000");
  expect(await next("recovered")).toMatchObject({
    subject: "service@tunnel",
    what: "ready again",
  });
  const tested = await place.run("notify", "test");
  expect(tested.status).toBe(4);
  expect(tested.stdout).toMatch(
    /^delivered {2}chat .*\ndelivered {2}file .*\nfailed {5}nobody: it cannot be reached \(ECONNREFUSED\) .*\n$/,
  );
  expect(await next("test")).toMatchObject({ subject: "notify test" });
  const lines = (await readFile(told, "utf8")).trim().split("\n");
  expect(lines.map((line) => (JSON.parse(line) as Message).event)).toContain("unit-failing");

  expect((await place.run("notify", "test", "x")).status).toBe(2);
  const shown = await place.run("config", "show");
  expect(shown.stdout + JSON.stringify(await daemon.status()) + daemon.output).not.toContain(
    "SECRET",
  );
  await daemon.end("SIGTERM");
});
