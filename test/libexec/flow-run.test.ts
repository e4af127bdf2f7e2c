/** What `libexec/flow-run` promises of a run that it begins, and that nothing keeps it from beginning. */
import { execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Socket } from "node:net";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test, vi } from "vitest";
import { systemClock } from "../../src/host/clock.ts";
import { bootId, readStat } from "../../src/host/processes.ts";
import { RunRegistry } from "../../src/host/run-registry.ts";
import type { RunProcess } from "../../src/prefect/ports.ts";
import { fixture, patience } from "../host/real-launcher.ts";
import { TemporaryCgroup } from "../host/temporary-cgroup.ts";
import { command, runId, Stage } from "./stage.ts";

const run = promisify(execFile);
const greeting =
  /^sails-supervisor: flow run \S+ begins\nsails-supervisor: flow run of survey\/nightly «α» in process \d+\n/;
const uptime = (): number => Number.parseFloat(readFileSync("/proc/uptime", "latin1"));

test("the engine has the pid of what the worker started, and what Prefect gave it", async () => {
  await using stage = new Stage();
  const started = stage.start();
  const facts = await started.facts();
  expect(facts.pid).toBe(started.child.pid);
  const python = join(stage.realEnvironment, "bin/python3");
  expect(facts.argv).toEqual([python, "-m", "prefect.engine"]);
  // The shell that Prefect starts by the command adds where it is, we that a 500 is asked again.
  const added = { PWD: stage.at("work"), PREFECT_CLIENT_RETRY_EXTRA_CODES: "500" };
  expect(facts.environment).toEqual({ ...started.environment, ...added });
  expect(facts.directory).toBe(stage.at("work"));
  expect(await started.ended).toEqual([0, null]);
});

test("it has a session and a group of its own", async () => {
  await using stage = new Stage();
  const { pid, group, session } = await stage.start().facts();
  expect([group, session]).toEqual([pid, pid]);
});

test("its output is a file where there is no journald, and the worker hears nothing", async () => {
  await using stage = new Stage();
  const started = stage.start();
  const { descriptors, blocking } = await started.facts();
  await started.ended;
  const file = join(stage.logs, `${runId}.log`);
  expect(withoutOurs(descriptors)).toEqual({
    0: "/dev/null",
    1: file,
    2: file,
    [lifelineOf(descriptors)]: join(stage.runs, `${runId}.${started.child.pid}`, "lifeline"),
  });
  expect(blocking).toEqual([true, true]);
  expect(stage.output()).toMatch(greeting);
  expect(stage.output().replace(greeting, "")).toBe(
    "printed by the engine\n<4>warned by the engine\n",
  );
  expect(started.heard()).toBe("");
  // The run's next process continues it.
  await stage.start().ended;
  expect(stage.output().match(/^printed/gm)).toHaveLength(2);
});

/** Without what whoever runs the tests left open in us, and so in the worker. */
function withoutOurs(
  descriptors: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const isOurs = (fd: string): boolean => {
    try {
      return Number(fd) > 2 && readlinkSync(`/proc/self/fd/${fd}`) === descriptors[fd];
    } catch {
      return false;
    }
  };
  return Object.fromEntries(Object.entries(descriptors).filter(([fd]) => !isOurs(fd)));
}

const lifelineOf = (descriptors: Readonly<Record<string, string>>): string =>
  Object.keys(descriptors).find((fd) => descriptors[fd]?.endsWith("/lifeline")) ?? "none";

test("its record is complete, and holds no secret", async () => {
  await using stage = new Stage();
  const before = Date.now() - 1;
  const { child, facts } = stage.start({ env: { WAIT: "1" } });
  await facts();
  const record = stage.record(child.pid);
  expect(record).toEqual({
    version: 1,
    flow_run_id: runId,
    pool: "etl",
    pid: child.pid,
    start_time: readStat(child.pid ?? 0)?.startTime,
    boot_id: bootId(),
    worker_pid: process.pid,
    started_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    environment: stage.realEnvironment,
    output: join(stage.logs, `${runId}.log`),
    cgroup: null,
    flow_name: "survey",
    deployment_name: "nightly «α»",
  });
  expect(Date.parse(String(record["started_at"]))).toBeGreaterThanOrEqual(before);
  expect(readdirSync(stage.runs).toSorted()).toEqual([".next-start", `${runId}.${child.pid}`]);
  await expect(run("grep", ["-r", "a-secret", stage.at("state")])).rejects.toMatchObject({
    code: 1,
  });
});

test("the registry reads the record, and learns of the end of a run whose worker has gone", async () => {
  await using stage = new Stage();
  const told: RunProcess[] = [];
  const troubles: string[] = [];
  using registry = new RunRegistry({
    directory: stage.runs,
    clock: systemClock,
    report: (trouble) => troubles.push(trouble),
    appeared: (it) => told.push(it),
    ended: (it) => told.push(it),
  });
  await registry.open();
  // A worker that dies while the flow runs.
  const worker = stage.start({ script: `(${command}) & echo $!`, env: { WAIT: "1" } });
  const { pid } = await worker.facts();
  await worker.ended;
  await vi.waitFor(() => expect(told).toHaveLength(1), patience);
  expect(registry.runs).toMatchObject([
    {
      kind: "alive",
      isOrphan: true,
      record: { flowRunId: runId, pid, environment: stage.realEnvironment, flowName: "survey" },
    },
  ]);
  process.kill(pid, "SIGKILL");
  await vi.waitFor(() => expect(told).toHaveLength(2), patience);
  expect(told[1]).toMatchObject({ kind: "gone", why: "ended" });
  expect(troubles).toEqual([]);
});

test("a run keeps the environment that it began in when the link is switched", async () => {
  await using stage = new Stage();
  const { facts } = stage.start();
  expect((await facts()).prefix).toBe(stage.realEnvironment);
  unlinkSync(stage.environment);
  symlinkSync("nowhere", stage.environment);
  expect(stage.record((await facts()).pid)).toMatchObject({ environment: stage.realEnvironment });
});

test("it enters a cgroup of its own", async (ctx) => {
  await using root = new TemporaryCgroup(ctx);
  await using stage = new Stage();
  const started = stage.start({ env: { SAILS_RUN_CGROUP: root.path } });
  const { cgroup, pid } = await started.facts();
  expect(cgroup).toMatch(new RegExp(`^0::.*/${runId}\\.${pid}$`, "m"));
  expect(stage.record(pid)).toMatchObject({ cgroup: join(root.path, `${runId}.${pid}`) });
  expect(stage.troubles()).toEqual([]);
  await started.ended;
});

test("where journald takes its output, it goes there", async () => {
  await using stage = new Stage();
  const journald = new Journald(stage.at("journald"));
  await journald.listens();
  const started = stage.start({ env: { SAILS_JOURNAL_SOCKET: stage.at("journald"), WAIT: "1" } });
  const { blocking, descriptors, pid } = await started.facts();
  // Or a print would fail when journald is busy.
  expect(blocking).toEqual([true, true]);
  expect([descriptors[1], descriptors[2]]).toEqual([
    expect.stringMatching(/^socket:/),
    descriptors[1],
  ]);
  expect(stage.record(pid)).toMatchObject({ output: "journal" });
  const printed = "printed by the engine\n<4>warned by the engine\n";
  await vi.waitFor(() => expect(journald.heard).toContain(printed), patience);
  const header = "prefect-run\n\n6\n1\n0\n0\n0\n";
  expect(journald.heard.slice(0, header.length)).toBe(header);
  expect(journald.heard.slice(header.length).replace(greeting, "")).toBe(printed);
  expect(readdirSync(stage.logs)).toEqual([]);
  expect(started.heard()).toBe("");
  journald.close();
});

class Journald {
  heard = "";
  readonly #sockets: Socket[] = [];
  readonly #server = createServer({ allowHalfOpen: true }, (socket) => {
    this.#sockets.push(socket);
    // As the real one does.
    socket.end();
    socket.setEncoding("utf8").on("data", (text: string) => {
      this.heard += text;
    });
  });
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async listens(): Promise<void> {
    await once(this.#server.listen(this.#path), "listening");
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

test("a real journald stores it under its identifier, with the levels of its lines", async (ctx) => {
  const script = fixture("with-journald.sh");
  const possible = await run("unshare", [
    "-m",
    "--propagation",
    "private",
    script,
    "--check",
  ]).catch((error: { stderr: string }) => error.stderr || "no unshare");
  if (typeof possible === "string") ctx.skip(`no journald in a namespace: ${possible.trim()}`);
  await using stage = new Stage();
  const { child, ended, heard } = stage.start({
    env: { SAILS_JOURNAL_SOCKET: undefined, COMMAND: command },
    script: `exec unshare -m --propagation private ${script} 'warned by the engine' /bin/sh -c "$COMMAND"`,
  });
  await ended;
  const entries = heard()
    .trim()
    .split("\n")
    .map((line): Record<string, string> => JSON.parse(line));
  const { pid } = JSON.parse(readFileSync(stage.at("report-0"), "utf8"));
  expect(pid).not.toBe(child.pid);
  expect(
    entries.map(({ MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, _PID }) => [
      MESSAGE?.replace(/: flow run .*/, ""),
      PRIORITY,
      SYSLOG_IDENTIFIER,
      _PID,
    ]),
  ).toEqual([
    ["sails-supervisor", "6", "prefect-run", String(pid)],
    ["sails-supervisor", "6", "prefect-run", String(pid)],
    ["printed by the engine", "6", "prefect-run", String(pid)],
    ["warned by the engine", "4", "prefect-run", String(pid)],
  ]);
});

test("what is no flow run of a worker's just runs", async () => {
  for (const id of [undefined, "", "../elsewhere", ".hidden", "."]) {
    await using stage = new Stage();
    const started = stage.start({ env: { PREFECT__FLOW_RUN_ID: id } });
    const { session, pid } = await started.facts();
    await started.ended;
    expect(session).not.toBe(pid);
    expect(started.heard()).toContain("printed by the engine");
    expect([readdirSync(stage.runs), readdirSync(stage.logs)]).toEqual([[], []]);
  }
});

test("a worker that is not ours runs the engine as Prefect would", async () => {
  await using stage = new Stage();
  const started = stage.start({ env: { SAILS_FLOW_RUN: undefined } });
  const { argv } = await started.facts();
  await started.ended;
  expect(argv.slice(1)).toEqual(["-m", "prefect.engine"]);
  expect(started.heard()).toContain("printed by the engine");
});

test("who leads a group already keeps it", async () => {
  await using stage = new Stage();
  const { facts } = stage.start({ detached: true });
  const { pid, group, session } = await facts();
  expect([group, session]).toEqual([pid, pid]);
  expect(stage.troubles()).toEqual([]);
});

test.each(["<&-", ">&-", "<&- >&- 2>&-"])(
  "standard descriptors closed (%s) are no harm",
  async (how) => {
    await using stage = new Stage();
    const started = stage.start({ script: `exec "$SAILS_FLOW_RUN" ${how}` });
    const { descriptors } = await started.facts();
    await started.ended;
    expect(descriptors[0]).toBe("/dev/null");
    expect(Number(lifelineOf(descriptors))).toBeGreaterThan(2);
    expect(stage.troubles()).toEqual([]);
    expect(stage.output()).toContain("printed by the engine");
  },
);

test("folders that are missing are made", async () => {
  await using stage = new Stage();
  rmSync(stage.at("state"), { recursive: true });
  await stage.start().ended;
  expect(stage.records()).toHaveLength(1);
  expect(stage.troubles()).toEqual([]);
});

interface Broken {
  readonly env?: (stage: Stage) => Readonly<Record<string, string | undefined>>;
  readonly prepare?: (stage: Stage) => void;
  readonly troubles: readonly RegExp[];
}

const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);
const isUnknown = /: the supervisor does not know of this run: /;
const isUnqueued = /: this run does not wait for its turn: /;

test.each<[string, Broken]>([
  [
    "no variable of ours",
    {
      env: () => ({ SAILS_RUNS_DIRECTORY: undefined, SAILS_POOL: undefined }),
      troubles: [isUnknown, isUnqueued],
    },
  ],
  [
    "the folder of records cannot be made",
    { env: () => ({ SAILS_RUNS_DIRECTORY: "/dev/null/runs" }), troubles: [isUnknown, isUnqueued] },
  ],
  ["no pool", { env: () => ({ SAILS_POOL: "" }), troubles: [isUnknown] }],
  [
    "no cgroup",
    {
      env: () => ({ SAILS_RUN_CGROUP: "/proc/nowhere" }),
      troubles: [/: this run has no cgroup of its own: .*ENOENT|No such file/],
    },
  ],
  [
    "a cgroup that is none",
    {
      env: (stage) => ({ SAILS_RUN_CGROUP: stage.at("work") }),
      troubles: [/: this run has no cgroup of its own: .*cgroup\.procs/],
    },
  ],
  [
    "journald has gone",
    {
      prepare: (stage) => writeFileSync(stage.at("no-journald"), ""),
      troubles: [/: this run does not print into the journal: .*refused/],
    },
  ],
  [
    "the turns cannot be written",
    {
      prepare: (stage) => symlinkSync("/dev/full", join(stage.runs, ".next-start")),
      troubles: [isUnqueued],
    },
  ],
  [
    "the turns are a folder",
    { prepare: (stage) => mkdirSync(join(stage.runs, ".next-start")), troubles: [isUnqueued] },
  ],
])("%s: it says so, and runs", async (_, { env, prepare, troubles }) => {
  await using stage = new Stage();
  prepare?.(stage);
  const started = stage.start({ env: env?.(stage) ?? {} });
  const { pid, session } = await started.facts();
  expect(await started.ended).toEqual([0, null]);
  expect([pid, session]).toEqual([started.child.pid, started.child.pid]);
  expect(stage.output()).toContain("printed by the engine");
  expect(stage.troubles()).toEqual(troubles.map(matching));
  expect(readdirSync(stage.runs).filter((name) => name.endsWith(".new"))).toEqual([]);
  expect(readdirSync(stage.at("work"))).toEqual([]);
});

test("a full disk: no record, and nothing half of one", async (ctx) => {
  const enter = ["-rm", "--propagation", "private"];
  const mount = 'mount -t tmpfs -o nr_inodes=3 none "$SAILS_RUNS_DIRECTORY"';
  try {
    execFileSync("unshare", [...enter, "sh", "-c", mount], {
      env: { PATH: process.env["PATH"], SAILS_RUNS_DIRECTORY: "/mnt" },
      stdio: "ignore",
    });
  } catch {
    ctx.skip("no mount namespace of our own on this machine");
  }
  await using stage = new Stage();
  const inside = `${mount}; "$SAILS_FLOW_RUN"; ls -A "$SAILS_RUNS_DIRECTORY"`;
  const started = stage.start({
    env: { INSIDE: inside },
    script: `exec unshare ${enter.join(" ")} sh -c "$INSIDE"`,
  });
  await started.ended;
  expect(stage.troubles()).toEqual([isUnknown, isUnqueued].map(matching));
  expect(stage.troubles()[0]).toContain("No space left on device");
  expect(stage.output()).toContain("printed by the engine");
  expect(started.heard()).toBe("");
});

test.each([
  ["full", (path: string) => symlinkSync("/dev/full", path)],
  ["a folder", (path: string) => mkdirSync(path)],
])(
  "output that nobody takes is dropped: a pipe to the worker would end the run (%s)",
  async (_, block) => {
    await using stage = new Stage();
    block(join(stage.logs, `${runId}.log`));
    const started = stage.start();
    const { descriptors, pid } = await started.facts();
    expect(await started.ended).toEqual([0, null]);
    expect([descriptors[1], descriptors[2]]).toEqual(["/dev/null", "/dev/null"]);
    expect(stage.record(pid)).toMatchObject({ output: null });
    expect(started.heard()).toMatch(/^sails-supervisor: the output of this run is lost: .*\n$/);
  },
);

test("where it is no pipe that is left, it stays", async () => {
  await using stage = new Stage();
  const file = stage.at("elsewhere");
  const { ended, facts } = stage.start({
    env: { SAILS_RUN_LOGS_DIRECTORY: "/dev/null/logs" },
    script: `exec "$SAILS_FLOW_RUN" >>${file} 2>&1`,
  });
  expect((await facts()).descriptors[1]).toBe(file);
  await ended;
  expect(readFileSync(file, "utf8")).toContain("printed by the engine");
});

test("a record that is in its place is of another process: it is replaced", async () => {
  await using stage = new Stage();
  const { child, ended } = stage.start({ script: 'read _; exec "$SAILS_FLOW_RUN"' });
  const folder = join(stage.runs, `${runId}.${child.pid}`);
  for (const old of [folder, join(stage.runs, `.${runId}.${child.pid}.new`)]) {
    mkdirSync(old);
    writeFileSync(join(old, "record.json"), "old");
    execFileSync("mkfifo", [join(old, "lifeline")]);
  }
  child.stdin?.write("go\n");
  await ended;
  expect(stage.record(child.pid)).toMatchObject({ pid: child.pid });
  expect(stage.records()).toHaveLength(1);
  expect(stage.troubles()).toEqual([]);
});

test("the programs of /bin are not needed", async () => {
  await using stage = new Stage();
  const { ended } = stage.start({ env: { PATH: `${stage.environment}/bin` } });
  expect(await ended).toEqual([0, null]);
  expect(stage.troubles()).toEqual([]);
});

test("an environment without an engine is said, as a failed program", async () => {
  await using stage = new Stage();
  const { child, ended } = stage.start({ script: 'read _; exec "$SAILS_FLOW_RUN"' });
  rmSync(join(stage.realEnvironment, "lib"), { recursive: true });
  child.stdin?.write("go\n");
  expect(await ended).toEqual([1, null]);
  expect(stage.output()).toContain("ModuleNotFoundError");
});

const share = 1 / availableParallelism();
const nextStart = (stage: Stage): string => readFileSync(join(stage.runs, ".next-start"), "utf8");

test("a start that is alone does not wait, and is taken note of", async () => {
  await using stage = new Stage();
  const before = uptime();
  await stage.start().ended;
  expect(stage.troubles()).toEqual([]);
  const [boot, next] = nextStart(stage).trim().split(" ");
  expect(boot).toBe(bootId());
  expect(Number(next) - share).toBeGreaterThanOrEqual(before - 0.01);
  expect(Number(next) - share).toBeLessThanOrEqual(uptime());
});

test("starts that come together are spread", async () => {
  await using stage = new Stage();
  const before = uptime();
  const ids = ["a", "b", "c", "d", "e"];
  const all = await Promise.all(ids.map((id) => stage.start({ id }).facts()));
  const begun = all.map(({ begunAt }) => begunAt).toSorted((one, other) => one - other);
  for (const [place, at] of begun.entries()) {
    expect(at).toBeGreaterThanOrEqual(before - 0.01 + place * share);
  }
  const told = ids.flatMap((id) => stage.troubles(id));
  expect(told).toHaveLength(4);
  for (const line of told) {
    expect(line).toMatch(/: waits \d+\.\d{3} s for its turn: other runs are starting$/);
  }
});

const far = (seconds: number): string => String(uptime() + seconds);

test.each([
  ["empty", () => ""],
  ["no text", () => "\u0000\u00ff\ud800".repeat(100)],
  ["no number", () => `${bootId()} soon`],
  ["not a number", () => `${bootId()} nan`],
  ["endless", () => `${bootId()} inf`],
  ["in the past", () => `${bootId()} 1.0`],
  ["too far in the future", () => `${bootId()} ${far(1_000)}`],
  ["of another boot", () => `another ${far(30)}`],
])("a note of the next start that is %s holds nobody up", async (_, content) => {
  await using stage = new Stage();
  writeFileSync(join(stage.runs, ".next-start"), content(), "latin1");
  await stage.start().ended;
  expect(stage.troubles()).toEqual([]);
  expect(nextStart(stage)).toMatch(new RegExp(`^${bootId()} \\d+\\.\\d{3}\\n$`));
});

test("a lock that is not given back holds nobody up for long", async () => {
  await using stage = new Stage();
  writeFileSync(join(stage.runs, ".next-start"), "");
  const script =
    "import fcntl, sys; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX); print('ok', flush=True); sys.stdin.read()";
  const holder = spawn("python3", ["-c", script, join(stage.runs, ".next-start")], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(holder.stdout, "data");
  holder.kill("SIGSTOP");
  const started = stage.start();
  expect(await started.ended).toEqual([0, null]);
  expect(stage.troubles()).toEqual([expect.stringMatching(isUnqueued)]);
  holder.kill("SIGKILL");
  await once(holder, "exit");
});
