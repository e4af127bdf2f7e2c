import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Drafted } from "../../src/cli/context.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";
import { fakeContext } from "./support/fake-context.ts";

const drafted: Drafted = {
  text: "pools:\n  - name: a\n",
  found: ["pool a: 1 deployment"],
  assumed: ["the environment is to be in /env"],
  toDo: ["end process 7"],
};

async function init(words: readonly string[], given: Partial<Drafted> = {}) {
  const cwd = temporaryFolder();
  const places: unknown[] = [];
  const context = fakeContext({
    cwd,
    draft: async (place) => {
      places.push(place);
      return { ...drafted, ...given };
    },
    env: { VIRTUAL_ENV: "/venv", SAILS_STATE_DIR: cwd },
  });
  const status = await runCli(context, ["init", ...words]);
  return { cwd, places, status, out: context.out.text, err: context.err.text };
}

test("writes the configuration, and says what it found, assumed and left to do", async () => {
  const { cwd, places, status, out } = await init(["--config", "new/config.yaml"]);
  expect(status).toBe(0);
  expect(readFileSync(join(cwd, "new/config.yaml"), "utf8")).toBe(drafted.text);
  expect(places).toEqual([{ project: cwd, environments: ["/venv"] }]);
  expect(out).toContain("Found\n  - pool a: 1 deployment\n");
  expect(out).toContain("Assumed\n  - the environment is to be in /env\n");
  expect(out).toContain("For you to do\n  - end process 7\n");
  expect(out).toContain(`Wrote ${cwd}/new/config.yaml.`);
});

test("leaves one that is there alone, unless it is told to replace it", async () => {
  const file = join(temporaryFolder(), "config.yaml");
  writeFileSync(file, "mine");
  const { status, err } = await init(["--config", file]);
  expect([status, readFileSync(file, "utf8")]).toEqual([1, "mine"]);
  expect(err).toContain(`${file} is there already, and stays as it is`);
  expect((await init(["--config", file, "--force"])).status).toBe(0);
  expect(readFileSync(file, "utf8")).toBe(drafted.text);
});

test("a folder that cannot be written to is named, with the cure", async () => {
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const { status, err } = await init(["--config", `${file}/config.yaml`]);
  expect(status).toBe(1);
  expect(err).toMatch(/file\/config.yaml cannot be (written|read): .*(ENOTDIR|EEXIST)[^]*sudo/);
});

test("what is wrong with what was written is said", async () => {
  const { status, out } = await init(["--config", "c.yaml"], { text: "pools: [{nam: a}]" });
  expect(status).toBe(4);
  expect(out).toMatch(/Wrote .*, in which this is wrong:[^]*nam/);
});

test("a project that is no folder is named, and nothing is looked for", async () => {
  const { cwd, places, status, err } = await init(["--print", "--project", "none"]);
  expect([status, places]).toEqual([1, []]);
  expect(err).toContain(`${cwd}/none is no folder`);
});

test("prints it instead, and writes nothing", async () => {
  const { cwd, places, status, out, err } = await init(["--print", "--project", "."]);
  expect([status, out]).toEqual([0, drafted.text]);
  expect(err).toContain("For you to do");
  expect(places).toMatchObject([{ project: cwd }]);
  expect(readdirSync(cwd)).toEqual([]);
});

test("as JSON", async () => {
  const { cwd, out } = await init(["--config", "c.yaml", "--json"]);
  expect(JSON.parse(out)).toEqual({
    version: 1,
    file: join(cwd, "c.yaml"),
    found: drafted.found,
    assumed: drafted.assumed,
    toDo: drafted.toDo,
    faults: [],
  });
});
