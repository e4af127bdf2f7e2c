import { describe, expect, test } from "vitest";
import { askCapabilities } from "../../../src/prefect/capabilities.ts";
import { findProgram } from "../../../src/prefect/program.ts";
import { configOf, failed, ScriptedMachine, scriptedRun, signal } from "./given.ts";

describe("which prefect is run", () => {
  const onPath = configOf({ environment: { path: undefined } });
  const having = (...files: readonly string[]) => {
    const machine = new ScriptedMachine();
    for (const file of files) machine.executables.add(file);
    return machine;
  };

  test("that of the configured environment, be it there or not, and no other", async () => {
    const machine = having("/usr/bin/prefect");
    expect(await findProgram(configOf(), "/usr/bin", machine)).toEqual({
      file: "/opt/env/bin/prefect",
      binDirectory: "/opt/env/bin",
    });
    expect(machine.asked).toEqual([]);
  });

  test("where its link leads, so that another environment is another program", async () => {
    const machine = having();
    machine.links.set("/opt/env", "/opt/env.versions/0c8b62856929-3.11");
    expect(await findProgram(configOf(), "", machine)).toEqual({
      file: "/opt/env.versions/0c8b62856929-3.11/bin/prefect",
      binDirectory: "/opt/env.versions/0c8b62856929-3.11/bin",
    });
  });

  test("else the first on PATH", async () => {
    const machine = having("/b/prefect", "/c/prefect");
    expect(await findProgram(onPath, "/a:/b:/c", machine)).toEqual({
      file: "/b/prefect",
      binDirectory: "/b",
    });
    expect(machine.asked).toEqual(["/a/prefect", "/b/prefect"]);
  });

  test("never the one that happens to lie in the working directory", async () => {
    const machine = having("prefect", "/prefect");
    expect(await findProgram(onPath, "::/a:", machine)).toBeUndefined();
    expect(await findProgram(onPath, "", machine)).toBeUndefined();
  });
});

describe("what it can do", () => {
  const request = { env: { PATH: "/bin" }, directory: "/cwd", timeoutMs: 1_000, signal };
  const frame = (option: string) => `│ ${option}  Create the work pool if it does not exist.  │\n`;
  const option = "--create-pool-if-not-found --no-create-pool-if-not-found";
  const ask = (version: string, help: string) => {
    const scripted = scriptedRun((command) => ({
      output: command.includes("--version") ? version : help,
    }));
    return { ...scripted, asked: askCapabilities(scripted.run, "/bin/prefect", request) };
  };

  test.each([
    ["3.8.8", frame(option), true],
    ["3.6.4", frame("--with-healthcheck"), false],
  ])("%s", async (version, help, canLeavePoolsAlone) => {
    const { asked } = ask(`warning: something is old\n${version}\n`, help);
    expect(await asked).toEqual({ kind: "known", capabilities: { version, canLeavePoolsAlone } });
  });

  test("is asked in a terminal that breaks no option over two lines", async () => {
    const { asked, requests } = ask("3.8.8\n", "");
    await asked;
    expect(requests.map(({ command }) => command)).toEqual([
      ["/bin/prefect", "--version"],
      ["/bin/prefect", "worker", "start", "--help"],
    ]);
    for (const { env } of requests) expect(env).toMatchObject({ PATH: "/bin", COLUMNS: "500" });
  });

  test.each(["--version", "worker start --help"])("is not known if `%s` fails", async (words) => {
    const { run } = scriptedRun((command) =>
      command.join(" ").endsWith(words)
        ? failed("Traceback\nImportError: no\n")
        : { output: "3.8.8" },
    );
    expect(await askCapabilities(run, "/bin/prefect", request)).toEqual({
      kind: "failed",
      why: `\`/bin/prefect ${words}\` exited with status 1: ImportError: no`,
    });
  });
});
