/** `libexec/priorities.py`: which priority each line of a Prefect program has in the journal. */
import { spawn } from "node:child_process";
import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { TemporaryFolder } from "../host/real-launcher.ts";
import { environmentOf } from "../support/prefect-environments.ts";

const fixtures = resolve("test/fixtures");

/** Its standard error is what it is told that the journal is. */
const inJournal = `
import os, sys
stat = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{stat.st_dev}:{stat.st_ino}" if sys.argv[1] == "journal" else "0:0"
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
`;

interface Said {
  readonly out: string;
  readonly err: string;
}

async function run(
  environment: string,
  output: "journal" | "pipe",
  home: string,
  words: readonly string[],
): Promise<Said> {
  const shim = resolve("libexec/priorities.py");
  const child = spawn(join(environment, "bin/python"), ["-c", inJournal, output, shim, ...words], {
    cwd: fixtures,
    env: {
      PATH: "/usr/bin:/bin",
      HOME: home,
      PREFECT_HOME: home,
      PREFECT_LOGGING_CONFIG_PATH: join(home, "logging.yml"),
      PREFECT_LOGGING_COLORS: "false",
      PREFECT_SERVER_EPHEMERAL_ENABLED: "false",
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, err };
}

/** Without times, and without what is indented in tracebacks. */
const simplified = (err: string): readonly string[] =>
  err
    .trimEnd()
    .split("\n")
    .map((line) => line.replace(/\d\d:\d\d:\d\d\.\d{3} \| /, ""))
    .filter((line) => !/^(<3>)? /.test(line));

const expected = [
  "<6>INFO    | prefect.test - all is well",
  "<4>WARNING | prefect.test - two",
  "<4>lines",
  "<3>ERROR   | prefect.test - bad",
  "<3>ERROR   | prefect.test - why",
  "<3>Traceback (most recent call last):",
  "<3>KeyError: 'caught and logged'",
  "<3>Traceback (most recent call last):",
  "<3>KeyError: 'caught and printed'",
  "<3>Exception in thread another:",
  "<3>Traceback (most recent call last):",
  "<3>KeyError: 'of a thread'",
  "<3>Traceback (most recent call last):",
  "<3>ValueError: at last",
  "<3>and more",
];

const environments = ["survey", "prefect-3.6.4"];

test.for(environments)(
  "each line has a priority, each traceback is whole, with the Prefect of %s",
  async (name, ctx) => {
    const environment = environmentOf(name, ctx);
    using home = new TemporaryFolder();
    for (const words of [[join(fixtures, "logs_and_fails.py")], ["-m", "logs_and_fails"]]) {
      const { out, err } = await run(environment, "journal", home.path, [...words, "-x", "a"]);
      expect(simplified(err)).toEqual(expected);
      expect(err.split("\n").filter((line) => !/^(<[346]>|$)/.test(line))).toEqual([]);
      expect(out).toBe("printed __main__ -x a\n");
    }
  },
);

test.for(environments)(
  "into a file nothing is added, with the Prefect of %s",
  async (name, ctx) => {
    using home = new TemporaryFolder();
    const words = [join(fixtures, "logs_and_fails.py")];
    const { err } = await run(environmentOf(name, ctx), "pipe", home.path, words);
    expect(err).not.toMatch(/^<\d>/m);
    expect(err).toContain("ValueError: at last\nand more\n");
  },
);

test("a console handler of the user's own prints what it wants", async (ctx) => {
  using home = new TemporaryFolder();
  const environment = environmentOf("survey", ctx);
  const [stock = ""] = globSync(
    join(environment, "lib/*/site-packages/prefect/logging/logging.yml"),
  );
  const own = (await readFile(stock, "utf8"))
    .replace("prefect.logging.handlers.PrefectConsoleHandler", "logging.StreamHandler")
    .replace(/^ +styles:\n( +log\..*\n|\n)*/m, "");
  await writeFile(join(home.path, "logging.yml"), own);
  const words = [join(fixtures, "logs_and_fails.py")];
  const { err } = await run(environment, "journal", home.path, words);
  expect(err).toMatch(/^[\d:.]+ \| WARNING \| prefect.test - two\nlines\n/m);
  expect(err).toContain("<3>ValueError: at last\n<3>and more\n");
});
