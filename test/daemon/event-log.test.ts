import { mkdtemp, readdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { EventLog } from "../../src/daemon/event-log.ts";
import { EventFile } from "../../src/host/event-file.ts";

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 12, 0, second));

const place = async (): Promise<string> =>
  join(await mkdtemp(join(tmpdir(), "sails-events-")), "events.jsonl");

test("what was said is there for the next daemon, the newest first", async () => {
  const path = await place();
  const file = new EventFile(path);
  const log = await EventLog.open(file);
  log.add(at(1), "notice", "server: ready after 6 s");
  log.add(at(2), "debug", "nobody looks back to this");
  log.add(at(3), "warn", "\n3 units ready\n  Prefect  http://127.0.0.1:4200\n");
  const seen = [
    { at: at(3).toISOString(), level: "warn", text: "3 units ready" },
    { at: at(1).toISOString(), level: "notice", text: "server: ready after 6 s" },
  ];
  expect(log.recent).toEqual(seen);
  await file.written;
  expect((await EventLog.open(new EventFile(path))).recent).toEqual(seen);
});

test("lines that nobody can read are passed over", async () => {
  const path = await place();
  const good = { at: at(1).toISOString(), level: "info", text: "good" };
  await writeFile(path, `{"at":"2026\n${JSON.stringify(good)}\n{"at":1,"level":"info"}\nnull\n`);
  expect((await EventLog.open(new EventFile(path))).recent).toEqual([good]);
});

test("it does not grow without end", async () => {
  const path = await place();
  const file = new EventFile(path, 1_000);
  const log = await EventLog.open(file);
  for (let i = 0; i < 200; i += 1) log.add(at(0), "info", `event ${i}`);
  await file.written;
  const folder = join(path, "..");
  expect((await readdir(folder)).toSorted()).toEqual(["events.jsonl", "events.jsonl.1"]);
  const sizes = await Promise.all(
    [path, `${path}.1`].map(async (one) => (await readFile(one)).length),
  );
  expect(Math.max(...sizes)).toBeLessThan(1_200);
  const after = (await EventLog.open(new EventFile(path))).recent;
  expect(after[0]?.text).toBe("event 199");
  expect(log.recent).toHaveLength(50);
});

test("a disk that is full costs the history, and nothing else", async () => {
  const file = new EventFile("/dev/full");
  const log = await EventLog.open({
    read: () => Promise.resolve([]),
    append: (line) => file.append(line),
  });
  log.add(at(1), "info", "still here");
  await file.written;
  expect(log.recent).toHaveLength(1);
});
