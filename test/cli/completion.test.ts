import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { eventually } from "../control/support/eventually.ts";
import { FakePlane, flowRun, pool, statusOf, unit } from "../control/support/fake-plane.ts";
import { temporaryFolder } from "../control/support/temporary-folder.ts";
import { cli, withDaemon } from "./support/fake-context.ts";

const names = ["server", "worker@vm-runs", "worker@vm-runs:2", "worker@headless-runs"];

/** A program on PATH that knows the units and notes what it is called with. */
function stubProgram() {
  const folder = temporaryFolder();
  const path = join(folder, "sails-supervisor");
  writeFileSync(
    path,
    `#!/bin/sh\necho "$*" >> ${folder}/calls\nprintf '%s\\n' ${names.join(" ")}\n`,
  );
  chmodSync(path, 0o755);
  return {
    ...process.env,
    PATH: `${folder}${delimiter}${process.env["PATH"]}`,
    CALLS: `${folder}/calls`,
  };
}

const has = (shell: string): boolean => {
  try {
    execFileSync(shell, ["-c", "true"]);
    return true;
  } catch {
    return false;
  }
};

describe("bash", () => {
  /** @param replaced what readline takes for the word that it completes: its second argument */
  async function complete(line: string, replaced = line.split(" ").at(-1) ?? "", after = "") {
    const { out } = await cli(["completion", "bash"]);
    const script = `${out}
      COMP_LINE=$1 COMP_POINT=\${#1} COMP_WORDS=() COMP_CWORD=0
      _sails_supervisor sails-supervisor "$2"
      printf '%s\\n' "\${COMPREPLY[@]}"
      ${after}`;
    const { stdout } = await promisify(execFile)("bash", ["-euc", script, "bash", line, replaced], {
      env: stubProgram(),
    });
    return stdout.split("\n").filter((word) => word !== "");
  }

  test.each([
    ["sails-supervisor st", ["status", "start", "stop"]],
    ["sails-supervisor re", ["restart", "resume", "reload", "reexec"]],
    ["sails-supervisor status --w", ["--watch"]],
    ["sails-supervisor completion ", ["bash", "zsh", "fish"]],
    ["sails-supervisor config ", ["check", "show", "reference", "schema"]],
    ["sails-supervisor config check ", []],
    ["sails-supervisor config check --j", ["--json"]],
    ["sails-supervisor restart ", ["all", ...names]],
    ["sails-supervisor restart server s", ["server"]],
    ["sails-supervisor restart w", names.slice(1)],
    ["sails-supervisor logs -f worker@h", ["worker@headless-runs"]],
    ["sails-supervisor --config ./c.yaml reload --", ["--version", "--config", "--json", "--help"]],
    ["sails-supervisor status --config ", []],
    ["sails-supervisor runs ", ["cancel", "recover"]],
    ["sails-supervisor runs cancel w", names.slice(1)],
    ["sails-supervisor drain ", ["all", ...names]],
    ["sails-supervisor drain server --t", ["--timeout"]],
    ["sails-supervisor resume s", ["server"]],
    ["sails-supervisor jobs run w", names.slice(1)],
    ["sails-supervisor restart x", []],
  ])("%s<TAB>", async (line, words) => {
    expect(await complete(line)).toEqual(words);
  });

  test.each([
    ["sails-supervisor restart worker@", "@", ["@vm-runs", "@vm-runs:2", "@headless-runs"]],
    ["sails-supervisor restart worker@h", "@h", ["@headless-runs"]],
    ["sails-supervisor restart worker@vm-runs:", "", ["2"]],
  ])("%s<TAB>, of which readline replaces %o", async (line, replaced, words) => {
    expect(await complete(line, replaced)).toEqual(words);
  });

  test.each([
    ["serv", "server"],
    ["worker@h", "worker@headless-runs"],
    ["worker@vm-runs:", "worker@vm-runs:2"],
  ])("%s<TAB> on a terminal is %s", async (typed, completed) => {
    const env = stubProgram();
    const { out } = await cli(["completion", "bash"]);
    const path = join(temporaryFolder(), "completion");
    writeFileSync(path, out);
    const shell = spawn("script", ["-qc", "bash --norc -i", "/dev/null"], { env, stdio: "pipe" });
    onTestFinished(() => void shell.kill("SIGKILL"));
    let seen = "";
    shell.stdout.setEncoding("utf8").on("data", (text: string) => (seen += text));
    // The terminal shows what is typed, too: that has no 42 in it.
    shell.stdin.write(`source ${path}; echo ready $((40 + 2))\n`);
    await eventually(() => seen).toContain("ready 42");
    shell.stdin.write(`sails-supervisor restart ${typed}\t\nexit\n`);
    await once(shell, "exit");
    expect(readFileSync(env.CALLS, "utf8").split("\n")).toContain(`restart ${completed}`);
  });

  test("asks the daemon of --config", async () => {
    const words = await complete("sails-supervisor --config ./c.yaml stop s", "s", 'cat "$CALLS"');
    expect(words).toEqual(["server", "--config ./c.yaml __complete units"]);
  });

  test.each([
    ["drain", "pools"],
    ["resume", "pools"],
    ["runs cancel", "runs"],
    ["stop", "units"],
    ["jobs run", "jobs"],
  ])("%s asks the daemon for its %s", async (command, kind) => {
    const words = await complete(`sails-supervisor ${command} s`, "s", 'cat "$CALLS"');
    expect(words).toEqual(["server", `__complete ${kind}`]);
  });

  test("knows what it completes", async () => {
    const { out } = await cli(["completion", "bash"]);
    const { stdout } = await promisify(execFile)("bash", [
      "-euc",
      `${out}\ncomplete -p sails-supervisor`,
    ]);
    expect(stdout).toBe("complete -F _sails_supervisor sails-supervisor\n");
  });
});

describe.each(["zsh", "fish"] as const)("%s", (shell) => {
  test("the shell understands the script", async (context) => {
    if (!has(shell)) context.skip(`${shell} is not installed`);
    const { out } = await cli(["completion", shell]);
    const path = join(temporaryFolder(), "completion");
    writeFileSync(path, out);
    const { stderr } = await promisify(execFile)(shell, ["-n", path]);
    expect(stderr).toBe("");
  });

  test("all commands and their options are in it", async () => {
    const { status, out } = await cli(["completion", shell]);
    expect(status).toBe(0);
    for (const word of [
      "status",
      "restart",
      "config",
      "schema",
      "watch",
      "timeout",
      "drain",
      "recover",
      "__complete units",
      "__complete pools",
      "__complete runs",
    ])
      expect(out).toContain(word);
  });
});

describe("names", () => {
  test("of units, one a line", async () => {
    const { run, context } = await withDaemon(
      new FakePlane(statusOf(names.map((name) => unit(name)))),
    );
    expect(await run("__complete", "units")).toBe(0);
    expect(context.out.text).toBe(names.map((name) => `${name}\n`).join(""));
  });

  test("of pools and flow runs; of a run whose name is no word, its id", async () => {
    const plane = new FakePlane(statusOf([], { pools: [pool("a"), pool("b")] }));
    plane.flowRuns = [
      flowRun("calm-otter"),
      flowRun("night 3", { id: "2" }),
      flowRun(null, { id: "3" }),
    ];
    const { run, context } = await withDaemon(plane);
    expect(await run("__complete", "pools")).toBe(0);
    expect(await run("__complete", "runs")).toBe(0);
    expect(context.out.text).toBe("a\nb\ncalm-otter\n2\n3\n");
  });

  test.each([
    ["without a daemon", "units", {}],
    ["without a daemon", "pools", {}],
    ["without a daemon", "runs", {}],
    ["with a configuration that cannot be read", "pools", { SAILS_CONFIG: "/nowhere" }],
  ])("%s not a word of %s", async (_, kind, env) => {
    const { out, err } = await cli(["__complete", kind], { env, home: temporaryFolder() });
    expect([out, err]).toEqual(["", ""]);
  });
});
