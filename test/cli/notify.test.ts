import { describe, expect, test } from "vitest";
import { FakePlane, statusOf } from "../control/support/fake-plane.ts";
import { withDaemon } from "./support/fake-context.ts";

async function tested(notified: FakePlane["notified"], ...words: readonly string[]) {
  const plane = new FakePlane(statusOf([]));
  plane.notified = notified;
  const { run, context } = await withDaemon(plane);
  const status = await run("notify", "test", ...words);
  return { status, out: context.out.text, err: context.err.text, asked: plane.asked };
}

const mail = { name: "mail", delivered: true, why: null, tookMs: 300 };
const chat = { name: "chat", delivered: false, why: "it answered 404", tookMs: 20 };

describe("notify test", () => {
  test("all arrive: status 0", async () => {
    const { status, out, asked } = await tested({ kind: "done", targets: [mail] }, "mail");
    expect([status, out]).toEqual([0, "delivered  mail (300 ms)\n"]);
    expect(asked).toEqual([["notify", "mail"]]);
  });

  test("one does not: status 4, and why", async () => {
    const { status, out, asked } = await tested({ kind: "done", targets: [mail, chat] });
    expect(status).toBe(4);
    expect(out).toBe("delivered  mail (300 ms)\nfailed     chat: it answered 404 (20 ms)\n");
    expect(asked).toEqual([["notify", undefined]]);
  });

  test("as JSON", async () => {
    const { out } = await tested({ kind: "done", targets: [chat] }, "--json");
    expect(JSON.parse(out)).toEqual({ version: 1, targets: [chat] });
  });

  test("a target that there is not, and none at all", async () => {
    const unknown = await tested({ kind: "unknown-target", name: "x", known: ["mail"] }, "x");
    expect(unknown.status).toBe(2);
    expect(unknown.err).toContain("notify has no target x: there are mail");
    const none = await tested({ kind: "done", targets: [] });
    expect(none.status).toBe(4);
    expect(none.err).toContain("names nobody who is to be told");
  });
});
