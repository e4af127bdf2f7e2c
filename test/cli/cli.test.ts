import { describe, expect, test } from "vitest";
import { runCli } from "../../src/cli/run-cli.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";
import { cli, fakeContext } from "./support/fake-context.ts";

describe("wrong usage ends with 2 and says what to do", () => {
  test.each([
    [["statsu"], "Did you mean status?"],
    [["status", "--jsn"], "Did you mean --json?"],
    [["start"], "missing required argument"],
    [["completion", "tcsh"], "Allowed choices are bash, zsh, fish"],
    [["config", "chek"], "Did you mean check?"],
    [["reload", "now"], "too many arguments"],
    [["status", "--config"], "argument missing"],
    [["runs", "cancle", "x"], "too many arguments"],
    [["runs", "cancel"], "missing required argument"],
    [["drain"], "missing required argument"],
    [["drain", "vm-runs", "--timeout", "99d"], "24d is the longest"],
  ])("%o", async (words, said) => {
    const { status, out, err } = await cli(words);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toContain(said);
  });

  test("no command at all prints the help, to stderr", async () => {
    const { status, out, err } = await cli([]);
    expect([status, out]).toEqual([2, ""]);
    expect(err).toContain("Usage: sails-supervisor");
  });
});

describe("help", () => {
  test.each([
    [],
    ["run"],
    ["status"],
    ["logs"],
    ["start"],
    ["stop"],
    ["restart"],
    ["drain"],
    ["resume"],
    ["runs"],
    ["runs", "cancel"],
    ["runs", "recover"],
    ["reload"],
    ["reexec"],
    ["config", "check"],
    ["completion"],
  ])("of %s %s has an example, and is no wider than 80 columns", async (...path) => {
    const words = path.filter((word) => word !== undefined);
    const { status, out } = await cli([...words, "--help"]);
    expect(status).toBe(0);
    if (words.length > 0) expect(out).toMatch(/Examples:\n {2}\$ /);
    expect(out).toContain("--config <FILE>");
    for (const line of out.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });

  test("does not show what is for scripts only", async () => {
    expect((await cli(["--help"])).out).not.toContain("__complete");
  });
});

describe("version", () => {
  test("for people and for programs", async () => {
    expect((await cli(["--version"])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await cli(["version"])).out).toMatch(/^sails-supervisor \d+\.\d+\.\d+.*, Node 24\./);
    const { version, node, revision } = JSON.parse((await cli(["version", "--json"])).out);
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(node).toBe(process.versions.node);
    expect(revision === null || /^[0-9a-f]{40}$/.test(revision)).toBe(true);
  });
});

test("run hands over to the daemon, and ends as it does", async () => {
  const asked: unknown[] = [];
  const runDaemon = async (options: unknown) => {
    asked.push(options);
    return 7;
  };
  expect((await cli(["run", "--config", "x.yaml"], { runDaemon })).status).toBe(7);
  expect((await cli(["run"], { runDaemon })).status).toBe(7);
  expect(asked).toEqual([{ configFile: "x.yaml" }, { configFile: undefined }]);
});

test("config check and its kin need no daemon", async () => {
  const cwd = temporaryFolder();
  const { status, err } = await cli(["config", "check", "--config", "missing.yaml"], { cwd });
  expect([status, err]).toEqual([4, ""]);
  const schema = await cli(["config", "schema"], { cwd });
  expect(schema.status).toBe(0);
  expect(JSON.parse(schema.out)).toMatchObject({ type: "object" });
});

test("a fault of ours is not taken for wrong usage", async () => {
  const context = fakeContext({ runDaemon: () => Promise.reject(new Error("bug")) });
  await expect(runCli(context, ["run"])).rejects.toThrow("bug");
});
