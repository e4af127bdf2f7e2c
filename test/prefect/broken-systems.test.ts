/**
 * Systems, each broken in another way: what somebody reads who has never seen them. The same
 * words are in the terminal and on the page. Changed words are to be read here as by that somebody.
 */
import { execFileSync } from "node:child_process";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import type { Status } from "../../src/control/status.ts";
import { concernsOf, verdictOf } from "../../src/control/verdict.ts";
import { Workplace } from "../support/daemon-process.ts";
import { environmentOf } from "../support/prefect-environments.ts";
import { StubProject, uvProgram } from "../support/stub-project.ts";

/** What a person reads, without what is other each time. */
async function read(place: Workplace): Promise<readonly string[]> {
  const status = JSON.parse((await place.run("status", "--json")).stdout) as Status;
  const { words, why } = verdictOf(status);
  const sentences = [
    [words, ...(why === undefined ? [] : [why])].join(": "),
    ...concernsOf(status).flatMap(({ unit, what, next }) => [
      unit === null ? what : `${unit}: ${what}`,
      ...(next === null ? [] : [`    ${next}`]),
    ]),
  ];
  return sentences.map((sentence) => steady(sentence, place));
}

const span = /\d+(\.\d+)? (ms|s|min|h|d)( \d+ (ms|s|min|h|d))?/g;

const steady = (text: string, { directory, serverPort }: Workplace): string =>
  text
    .replaceAll(directory, "PLACE")
    .replaceAll(String(serverPort), "PORT")
    .replace(span, "TIME")
    .replace(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, "MOMENT")
    .replace(/taken by .* \(process/, "taken by PROGRAM (process")
    // Asked once, and answered at any time.
    .replace(/asks \S+ what it can do; /, "")
    .replace(/process \d+/g, "process PID")
    .replace(/start \d+ in/, "start N in");

/** All of it is on the screen and on the page, too, whatever the width. */
async function isShown(place: Workplace): Promise<void> {
  const { stdout, status: exitStatus } = await place.run("status");
  const [verdict = ""] = stdout.split("\nversion", 1);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(exitStatus).toBe(4);
  const page = await (await fetch(`${place.webUrl}/`)).text();
  const words = page
    .replace(/<[^>]*>/g, " ")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  const { words: sentence } = verdictOf(
    JSON.parse((await place.run("status", "--json")).stdout) as Status,
  );
  expect(verdict.replace(/\s+/g, " ")).toContain(sentence);
  const inPlain = words.replace(/\s+/g, " ").toLowerCase();
  expect(inPlain).toContain(sentence.toLowerCase());
}

const noServer = { server: { enabled: false } };

const prefectIn = (place: Workplace, path: string) => ({
  prefect: { home: join(place.directory, "data") },
  environment: { path },
  server: { port: place.serverPort },
});

async function seen(place: Workplace): Promise<readonly string[]> {
  await isShown(place);
  return read(place);
}

const unready =
  (name: string, isSo: (unit: Status["units"][number]) => boolean) =>
  ({ units }: Status): boolean =>
    units.some((unit) => unit.name === name && !unit.ready && isSo(unit));

test("a Python module is missing", async () => {
  const command = ["python3", "-c", "import canfar"];
  await using place = await Workplace.make({
    ...noServer,
    services: [{ name: "monitor", command }],
  });
  await place.start().until(unready("service@monitor", ({ state }) => state === "backoff"));
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "not ready: service@monitor is in backoff: exited with status 1 after TIME: ModuleNotFoundError: No module named 'canfar'",
      "service@monitor: in backoff: exited with status 1 after TIME: ModuleNotFoundError: No module named 'canfar'",
      "    start N in TIME",
    ]
  `);
});

test("a program dies again and again", async () => {
  const command = [
    "sh",
    "-c",
    "echo 'cannot bind to 0.0.0.0:7000: Address already in use' >&2; exit 3",
  ];
  await using place = await Workplace.make({
    ...noServer,
    services: [{ name: "tunnel", command }],
  });
  await place
    .start()
    .until(unready("service@tunnel", ({ reasonCode }) => reasonCode === "breaker"));
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "not ready: service@tunnel is in backoff: died 5 times in TIME; last it exited with status 3 after TIME: cannot bind to 0.0.0.0:7000: Address already in use",
      "service@tunnel: in backoff: died 5 times in TIME; last it exited with status 3 after TIME: cannot bind to 0.0.0.0:7000: Address already in use",
      "    one trial in TIME. \`sails-supervisor restart service@tunnel\` tries at once",
    ]
  `);
});

test("there is no Prefect in the environment", async () => {
  await using place = await Workplace.make({});
  await place.configure({
    ...prefectIn(place, join(place.directory, "env")),
    pools: [{ name: "runs" }],
  });
  await place.start().until(unready("server", ({ reasonCode }) => reasonCode === "environment"));
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "not ready: server is waiting; 1 other waits: PLACE/env/bin/prefect is not there or cannot be executed",
      "server: waiting: PLACE/env/bin/prefect is not there or cannot be executed",
      "    starts as soon as it can. Build the Python environment again, or set environment.path to where it is",
      "worker@runs: waiting: server is waiting; pool runs is not there yet; PLACE/env/bin/prefect is not there or cannot be executed; the flow runs of before are not settled yet",
      "    starts as soon as it can. Build the Python environment again, or set environment.path to where it is",
    ]
  `);
});

test("another program has the server's port", async (ctx) => {
  await using place = await Workplace.make({});
  await place.configure({
    ...prefectIn(place, environmentOf("survey", ctx)),
    pools: [{ name: "runs" }],
  });
  const stranger = createServer().listen({ host: "127.0.0.1", port: place.serverPort });
  onTestFinished(() => void stranger.close());
  await place.start().until(unready("server", ({ reasonCode }) => reasonCode === "port"));
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "not ready: server is waiting; 1 other waits: port PORT is taken by PROGRAM (process PID, user root)",
      "server: waiting: port PORT is taken by PROGRAM (process PID, user root)",
      "    starts as soon as it can. Stop that program, or set server.host and server.port to an address that is free",
      "worker@runs: waiting: server is waiting; pool runs is not there yet; the flow runs of before are not settled yet",
      "    starts as soon as it can",
    ]
  `);
});

test("the lock does not match the project", async (ctx) => {
  await using place = await Workplace.make({});
  const project = await StubProject.make(place.directory, uvProgram(ctx));
  const pyproject = (...needs: string[]) =>
    project.write(
      "pyproject.toml",
      `[project]\nname = "alma"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ${JSON.stringify(needs)}\n`,
    );
  await pyproject("prefect==0.1");
  await project.uv("lock");
  await pyproject("prefect==0.2");
  const path = join(place.directory, "env");
  await place.configure({
    ...noServer,
    environment: { project: project.directory, path },
    prefect: { api_url: "http://127.0.0.1:9/api" },
  });
  await place
    .start(project.environment)
    .until(({ environment }) => environment?.state === "failed");
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "ready, with 1 problem: the Python environment is not what is declared: \`uv export --locked\` exited with status 1: The lockfile at \`uv.lock\` needs to be updated, but \`--locked\` was provided.",
      "the Python environment is not what is declared: \`uv export --locked\` exited with status 1: The lockfile at \`uv.lock\` needs to be updated, but \`--locked\` was provided.",
      "    Run \`uv lock\` in the project's folder",
    ]
  `);
});

test("a mount that a pool requires is away", async (ctx) => {
  await using place = await Workplace.make({});
  const mount = join(place.directory, "arc");
  await mkdir(mount);
  await place.configure({
    ...prefectIn(place, environmentOf("survey", ctx)),
    pools: [{ name: "runs", requires: ["arc"] }],
    checks: [{ name: "arc", mount, every: "1s", failure_threshold: 1 }],
  });
  const daemon = place.start();
  await daemon.says("pool runs takes no new runs");
  await daemon.untilReady();
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "ready, with 1 problem: check arc fails: nothing is mounted at PLACE/arc: it is a plain folder. It keeps closed: runs",
      "check arc fails: nothing is mounted at PLACE/arc: it is a plain folder. It keeps closed: runs",
      "    Mount it again; \`findmnt --target PLACE/arc\` shows what is there now",
    ]
  `);
});

test("a certificate ends soon", async (ctx) => {
  await using place = await Workplace.make({});
  const file = join(place.directory, "cadcproxy.pem");
  certificate(file, ctx);
  await place.configure({
    ...noServer,
    checks: [{ name: "canfar", certificate: file, warn: "2d", fail: "1h" }],
  });
  await place.start().until(({ checks }) => checks.some(({ state }) => state === "warn"));
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "ready, with 1 problem: check canfar: the certificate in PLACE/cadcproxy.pem expires in TIME, at MOMENT",
      "check canfar: the certificate in PLACE/cadcproxy.pem expires in TIME, at MOMENT",
      "    Get a new certificate, and write it to PLACE/cadcproxy.pem",
    ]
  `);
});

test("no backup can be written", async (ctx) => {
  await using place = await Workplace.make({});
  const directory = join(place.directory, "backups");
  await writeFile(directory, "");
  await place.configure({
    ...prefectIn(place, environmentOf("survey", ctx)),
    jobs: { backup: { directory } },
  });
  await place.start().untilReady();
  expect((await place.run("backup")).status).toBe(1);
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "ready, with 1 problem: the job backup of MOMENT has failed: PLACE/backups is, or lies below, a file where a folder should be",
      "the job backup of MOMENT has failed: PLACE/backups is, or lies below, a file where a folder should be",
      "    move the file away, or name another folder",
    ]
  `);
});

test("one of two deployments is for a pool that nobody declares, the other cannot be imported", async (ctx) => {
  await using place = await Workplace.make({});
  const file = join(place.directory, "prefect.yaml");
  await writeFile(
    join(place.directory, "good.py"),
    "from prefect import flow\n@flow\ndef good(): pass\n",
  );
  await writeFile(join(place.directory, "bad.py"), "import canfar\n");
  await writeFile(
    file,
    `deployments:
  - {name: lost, entrypoint: "good.py:good", work_pool: {name: nobody-has-it}}
  - {name: bad, entrypoint: "bad.py:bad", work_pool: {name: runs}}
`,
  );
  await place.configure({
    ...prefectIn(place, environmentOf("survey", ctx)),
    pools: [{ name: "runs" }],
    deployments: [{ prefect_yaml: file }],
  });
  const daemon = place.start();
  await daemon.says("deployment bad");
  await daemon.untilReady();
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "ready, with 2 problems",
      "deployment lost (PLACE/prefect.yaml) names the pool nobody-has-it, which is neither declared nor on the server: nothing would run it",
      "    Add nobody-has-it to pools: in the configuration, or name another pool in the file",
      "deployment bad (PLACE/prefect.yaml) could not be made: \`prefect deploy\` exited with status 1: Could not find object 'bad' in 'bad.py'",
      "    Correct what it says, then \`sails-supervisor reload\`",
    ]
  `);
});

test("the volume of PREFECT_HOME is away", async (ctx) => {
  await using place = await Workplace.make({});
  const volume = join(place.directory, "volume");
  const config = prefectIn(place, environmentOf("survey", ctx));
  await place.configure({
    ...config,
    prefect: { home: join(volume, "data") },
    pools: [{ name: "runs" }],
  });
  const before = place.start();
  await before.untilReady();
  await before.end("SIGTERM");
  await rename(volume, `${volume}-elsewhere`);
  await mkdir(volume);
  await place.start().until(unready("server", ({ reasonCode }) => reasonCode === "volume"));
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "not ready: server is waiting; 1 other waits: PLACE/volume/data has no prefect.db, though the last run had one there: its volume is probably not mounted",
      "server: waiting: PLACE/volume/data has no prefect.db, though the last run had one there: its volume is probably not mounted",
      "    starts as soon as it can. Mount it (\`findmnt --target PLACE/volume/data\` shows what is there now). To begin with an empty database: rm PLACE/state/database.json",
      "worker@runs: waiting: server is waiting; pool runs is not there yet; the flow runs of before are not settled yet",
      "    starts as soon as it can",
      "check prefect-home fails: PLACE/volume/data (PREFECT_HOME) is not there any more: its volume is probably not mounted",
      "    Mount it; \`findmnt --target PLACE/volume/data\` shows what is there now",
    ]
  `);
});

test("the database is of a newer Prefect", async (ctx) => {
  await using place = await Workplace.make({});
  await place.configure(prefectIn(place, environmentOf("survey", ctx)));
  const before = place.start();
  await before.untilReady();
  await before.end("SIGTERM");
  const database = new DatabaseSync(join(place.directory, "data/prefect.db"));
  database.exec("UPDATE alembic_version SET version_num = 'fedcba987654'");
  database.close();
  await place.start().until(unready("server", ({ state }) => state === "backoff"));
  expect(await seen(place)).toMatchInlineSnapshot(`
    [
      "not ready: server is in backoff: exited with status 3 after TIME: its database is newer than this Prefect (revision fedcba987654)",
      "server: in backoff: exited with status 3 after TIME: its database is newer than this Prefect (revision fedcba987654)",
      "    one trial in TIME. \`sails-supervisor restart server\` tries at once. Go back to the newer Prefect, or restore a backup of the database from before the upgrade",
    ]
  `);
});

/** For a day. */
function certificate(file: string, ctx: Pick<TestContext, "skip">): void {
  const options = [
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "1",
    "-subj",
    "/CN=astronomer",
  ];
  try {
    execFileSync("openssl", ["req", ...options, "-keyout", `${file}.key`, "-out", file], {
      stdio: "ignore",
    });
  } catch {
    ctx.skip("openssl is not on this machine");
  }
}
