import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { files } from "../../../src/host/files.ts";
import { DatabaseGuard } from "../../../src/prefect/database-guard.ts";
import { configOf } from "./given.ts";

/** Real folders: a state, and a volume that can be mounted and not. */
async function setUp(databaseUrl?: string) {
  const folder = await mkdtemp(join(tmpdir(), "guard-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const home = join(folder, "volume/prefect");
  const stateDir = join(folder, "state");
  await mkdir(stateDir);
  const config = configOf({ stateDir, prefect: { home }, server: { databaseUrl } });
  const mounted = async (): Promise<void> => {
    await mkdir(home, { recursive: true });
    await writeFile(join(home, "prefect.db"), "data");
  };
  const begin = () => new DatabaseGuard(config, files);
  return { begin, home, memory: join(stateDir, "database.json"), mounted };
}

test("the first start may begin a database", async () => {
  const { begin } = await setUp();
  expect(await begin().blocker()).toBeUndefined();
});

test("the database of the last run is known again", async () => {
  const { begin, mounted } = await setUp();
  await mounted();
  await begin().remember();
  await begin().remember();
  expect(await begin().blocker()).toBeUndefined();
});

test("a volume that is not mounted holds the server back, and is left as it is", async () => {
  const { begin, home, memory, mounted } = await setUp();
  await mounted();
  await begin().remember();
  await rm(home, { recursive: true });
  expect(await begin().blocker()).toMatchObject({
    kind: "volume",
    why: expect.stringContaining("not mounted"),
    cure: expect.stringContaining(`rm ${memory}`),
  });
  await expect(readFile(home)).rejects.toThrow("ENOENT");
  await rm(memory);
  expect(await begin().blocker()).toBeUndefined();
});

test.each(["another mark", undefined])(
  "with %s it is not the one of the last run",
  async (mark) => {
    const { begin, home, mounted } = await setUp();
    await mounted();
    await begin().remember();
    await rm(join(home, ".sails-supervisor"));
    if (mark !== undefined) await writeFile(join(home, ".sails-supervisor"), mark);
    expect((await begin().blocker())?.why).toContain("is not the one of the last run");
  },
);

test("without a database there is nothing to remember", async () => {
  const { begin, home, memory } = await setUp();
  await mkdir(home, { recursive: true });
  await begin().remember();
  await expect(readFile(memory)).rejects.toThrow("ENOENT");
});

test("what was remembered and is damaged keeps nobody from starting", async () => {
  const { begin, memory } = await setUp();
  await writeFile(memory, "{");
  expect(await begin().blocker()).toBeUndefined();
});

test("a database elsewhere does not go with the volume", async () => {
  const { begin, home, memory, mounted } = await setUp("postgresql+asyncpg://h/d");
  await mounted();
  await begin().remember();
  await expect(readFile(memory)).rejects.toThrow("ENOENT");
  await rm(home, { recursive: true });
  expect(await begin().blocker()).toBeUndefined();
});
