/** What each examination makes of what it sees: of what is well, nothing. */
import { describe, expect, test } from "vitest";
import type { UnitStatus } from "../../src/control/status.ts";
import { judgeBackups, newestOf } from "../../src/doctor/examinations/backups.ts";
import { type Clocks, judgeClock } from "../../src/doctor/examinations/clock.ts";
import { judgeDaemon } from "../../src/doctor/examinations/daemon.ts";
import { judgeDeployments, placesOf } from "../../src/doctor/examinations/deployments.ts";
import { judgeVolumes } from "../../src/doctor/examinations/disk.ts";
import { judgeDrains } from "../../src/doctor/examinations/drains.ts";
import { judgeHome } from "../../src/doctor/examinations/home-volume.ts";
import { judgeJournal } from "../../src/doctor/examinations/journal.ts";
import { judgeLateRuns } from "../../src/doctor/examinations/late-runs.ts";
import { judgeLimits } from "../../src/doctor/examinations/limits.ts";
import { judgeMounts } from "../../src/doctor/examinations/mounts.ts";
import { judgePort } from "../../src/doctor/examinations/open-port.ts";
import { judgePools } from "../../src/doctor/examinations/pools-without-worker.ts";
import { judgeApi } from "../../src/doctor/examinations/prefect-api.ts";
import { judgeSchedules } from "../../src/doctor/examinations/schedules.ts";
import {
  hasSecrets,
  hasSecretsInYaml,
  judgeFiles,
} from "../../src/doctor/examinations/secret-files.ts";
import { judgeSessions } from "../../src/doctor/examinations/sessions.ts";
import { judgeShell, type ShellSettings } from "../../src/doctor/examinations/shell-profile.ts";
import { isServer, judgeServers } from "../../src/doctor/examinations/two-servers.ts";
import { judgeUnitFile } from "../../src/doctor/examinations/unit-file.ts";
import { judgeVersions } from "../../src/doctor/examinations/versions.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import type { SeenProcess } from "../../src/doctor/ports.ts";
import { configOf } from "../config/load-from.ts";
import { statusOf, unit } from "../control/support/fake-plane.ts";

const configWith = (keys: object) => configOf({ yaml: JSON.stringify(keys) });

/** `fault versions:fastapi` */
const said = (findings: readonly Finding[]): readonly string[] =>
  findings.map(({ severity, id }) => `${severity} ${id}`);

describe("versions", () => {
  const judge = (packages: Record<string, string>) =>
    said(judgeVersions(new Map(Object.entries(packages)), "/env"));

  test.each([
    ["what the first users have", { prefect: "3.6.4", fastapi: "0.124.2", sqlalchemy: "2.0.45" }],
    ["what is known to work", { prefect: "3.8.8", fastapi: "0.150.0", sqlalchemy: "2.0.58" }],
    ["3.9 with SQLAlchemy 2.1", { prefect: "3.9.1", fastapi: "0.150.0", sqlalchemy: "2.1.9" }],
    ["a client without a server's packages", { prefect: "3.8.8" }],
  ])("%s: nothing", (_, packages) => {
    expect(judge(packages)).toEqual([]);
  });

  test.each([
    [{ prefect: "3.8.8", fastapi: "0.165.0" }, ["fault versions:fastapi"]],
    [{ prefect: "3.8.8", fastapi: "0.151.0" }, ["warning versions:fastapi"]],
    [{ prefect: "3.8.8", sqlalchemy: "2.1.9" }, ["fault versions:sqlalchemy"]],
    [{ prefect: "3.6.4", sqlalchemy: "2.1.0rc1" }, ["fault versions:sqlalchemy"]],
    [
      { prefect: "3.8.8", fastapi: "1.0", sqlalchemy: "2.1.9" },
      ["fault versions:fastapi", "fault versions:sqlalchemy"],
    ],
    [{ fastapi: "0.150.0" }, ["fault versions:prefect"]],
  ])("%o", (packages, findings) => {
    expect(judge(packages)).toEqual(findings);
  });
});

test.each([
  ["127.0.0.1", false, []],
  ["localhost", false, []],
  ["::1", false, []],
  ["0.0.0.0", true, []],
  ["0.0.0.0", false, ["fault open-port"]],
  ["192.168.1.4", false, ["fault open-port"]],
  ["::", false, ["fault open-port"]],
])("a server on %s, with a password: %s", async (host, hasAuth, findings) => {
  const { server, prefect } = await configWith({ server: { host } });
  const authFile = hasAuth ? "/etc/auth" : undefined;
  expect(said(judgePort({ prefect, server: { ...server, authFile } }))).toEqual(findings);
  expect(judgePort({ prefect, server: { ...server, enabled: false } })).toEqual([]);
});

describe("the volume of PREFECT_HOME", () => {
  const root = { point: "/", type: "ext4", source: "/dev/vda1" };
  const data = { point: "/mnt/pspace", type: "ext4", source: "/dev/vdb" };
  const remote = { point: "/home/ubuntu/arc", type: "fuse.sshfs", source: "host:/arc" };
  const judge = (mount: string, isSqlite = true, mounts = [root, data, remote]) =>
    said(judgeHome({ home: `${mount}/prefect`, mount, mounts, isSqlite }));

  test.each([
    ["/mnt/pspace", true, []],
    ["/home/ubuntu/arc", true, ["fault home-volume:network"]],
    ["/home/ubuntu/arc", false, ["warning home-volume:network"]],
    ["/", true, ["warning home-volume:root"]],
  ])("%s, with SQLite: %s", (mount, isSqlite, findings) => {
    expect(judge(mount, isSqlite)).toEqual(findings);
  });

  test("a machine that has no other disk has nothing to be told of", () => {
    expect(judge("/", true, [root, remote])).toEqual([]);
    expect(judge("/", true, [root, { ...data, source: root.source }])).toEqual([]);
    expect(judge("/", true, [root, { ...data, point: "/boot" }])).toEqual([]);
  });
});

const withMounts = await configWith({
  prefect: { home: "/mnt/pspace/data" },
  checks: [{ name: "arc", mount: "/home/ubuntu/arc" }],
});
const withServer = await configWith({ prefect: { home: "/data" }, server: { port: 4201 } });

describe("mounts", () => {
  const table = `
# comment
UUID=1 / ext4 defaults 0 1
/dev/vdb /mnt/pspace ext4 defaults 0 2
/dev/vdc /mnt/other ext4 defaults 0 2
/dev/vdd /mnt/pspace/data/by-hand ext4 noauto 0 0
none none swap sw 0 0`;
  const at = (...points: readonly string[]) => points.map((point) => ({ point }));

  test.each([
    [["/", "/mnt/pspace", "/home/ubuntu/arc"], []],
    [["/", "/home/ubuntu/arc"], ["fault mounts:/mnt/pspace"]],
    [
      ["/", "/mnt/other"],
      ["fault mounts:/mnt/pspace", "fault mounts:/home/ubuntu/arc"],
    ],
  ])("with %o", (points, findings) => {
    expect(said(judgeMounts(withMounts, table, at(...points)))).toEqual(findings);
  });
});

test.each([
  ["plenty", 50e9, 100e9, 1000, []],
  ["little", 1.5e9, 100e9, 1000, ["warning disk:/mnt"]],
  ["next to nothing", 0.2e9, 100e9, 1000, ["fault disk:/mnt"]],
  ["no inode", 50e9, 100e9, 0, ["fault disk:/mnt"]],
  ["a small volume that is half full", 0.5e9, 1e9, 1000, []],
  ["a file system without inodes", 50e9, 100e9, undefined, []],
])("room: %s", (_, freeBytes, totalBytes, freeFiles, findings) => {
  const volume = { mount: "/mnt", freeBytes, totalBytes, freeFiles };
  const used = ["/mnt/a", "/mnt/b"].map((path) => ({ path, volume }));
  expect(said(judgeVolumes(used))).toEqual(findings);
});

describe("backups", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);
  const well = { last: { message: "done" }, next: ago(-0.5) };
  const facts = {
    job: well,
    isScheduled: true,
    directory: "/backups",
    provenAt: ago(30),
    bornAt: ago(100),
    takenAt: ago(0.5),
    now,
  };
  const failed = { last: { reason: "space", message: "no room" }, next: ago(-0.5) };

  test.each([
    ["as it should be", {}, []],
    ["a new installation without any", { bornAt: ago(1), takenAt: undefined, job: undefined }, []],
    ["by hand, a while ago", { isScheduled: false, takenAt: ago(60) }, []],
    ["nobody has ever tried one", { provenAt: undefined }, ["note backups:unproven"]],
    [
      "nobody has tried one for long",
      { provenAt: ago(95), bornAt: ago(400) },
      ["note backups:unproven"],
    ],
    ["a young one that nobody has tried", { provenAt: undefined, bornAt: ago(80) }, []],
    ["the last one failed", { job: failed }, ["fault backups:failed"]],
    ["the newest is old", { takenAt: ago(20) }, ["warning backups:old"]],
    ["one is overdue", { job: { ...well, next: ago(2) } }, ["warning backups:old"]],
    [
      "none of an old database",
      { isScheduled: false, takenAt: undefined, job: undefined },
      ["warning backups:none"],
    ],
  ])("%s", (_, changes, findings) => {
    expect(said(judgeBackups({ ...facts, ...changes }))).toEqual(findings);
  });

  test("a backup's name has its time", () => {
    const names = ["/b/prefect-2026-11-24T03-17-00Z.db", "/b/prefect-2026-11-25T03-17-00Z.dump"];
    expect(newestOf([...names, "/b/notes.txt"])).toEqual(new Date("2026-11-25T03:17:00Z"));
    expect(newestOf([])).toBeUndefined();
  });
});

describe("pools and workers", () => {
  const pool = { name: "runs", isOwn: true, users: ["a/a"], online: 1 };

  test("only a pool that nobody serves is told of", () => {
    expect(judgePools([pool])).toEqual([]);
    const [own, other] = judgePools([
      { ...pool, online: 0 },
      { ...pool, name: "gpu", isOwn: false, users: ["a/a", "b/b"], online: 0 },
    ]);
    expect(own).toMatchObject({ id: "pools-without-worker:runs", severity: "fault" });
    expect(own?.cure).toContain("status 'worker@runs'");
    expect(other?.what).toBe("no worker of the pool gpu is online, and a/a, b/b run in it");
    expect(other?.cure).toContain("- {name: gpu}");
  });
});

describe("deployments", () => {
  const place = {
    name: "night",
    pool: "runs",
    entrypoint: "flow.py:f",
    places: ["/p/flow.py"],
  };
  const known = { pools: new Set(["runs"]), missing: new Set<string>() };

  test.each([
    ["all there", place, known, []],
    [
      "a pool that is not there",
      { ...place, pool: "gpu" },
      known,
      ["fault deployments:night:pool"],
    ],
    ["nothing known of pools", { ...place, pool: "gpu" }, { ...known, pools: undefined }, []],
    [
      "a file that is not there",
      place,
      { ...known, missing: new Set(["/p/flow.py"]) },
      ["fault deployments:night:entrypoint"],
    ],
    [
      "one place of two",
      { ...place, places: ["/a", "/b"] },
      { ...known, missing: new Set(["/a"]) },
      [],
    ],
    ["no place known", { ...place, places: [] }, known, []],
  ])("%s", (_, one, facts, findings) => {
    expect(said(judgeDeployments([one], facts))).toEqual(findings);
  });

  test.each([
    ["flows/a.py:f", "/p", [], ["/p/flows/a.py"]],
    ["/x/a.py:f", "/p", [], ["/x/a.py"]],
    ["{{ $X }}:f", "/p", [], []],
    ["flows/a.py:f", undefined, [], []],
    ["pkg.mod.f", "/p", [], []],
    [
      "pkg.mod.f",
      "/p",
      ["/s"],
      ["/p/pkg", "/p/pkg.py", "/p/src/pkg", "/p/src/pkg.py", "/s/pkg", "/s/pkg.py"],
    ],
    [undefined, "/p", [], []],
  ])("%s in %s with %o", (entrypoint, folder, packages, places) => {
    expect(placesOf(entrypoint, folder, packages)).toEqual(places);
  });
});

describe("schedules", () => {
  const schedule = (active: boolean) => ({
    id: "1",
    slug: null,
    active,
    schedule: {},
    parameters: {},
    max_scheduled_runs: null,
  });
  const deployment = (paused: boolean, ...active: readonly boolean[]) => ({
    name: "n",
    flowName: "f",
    paused,
    schedules: active.map(schedule),
  });

  test.each([
    ["active", deployment(false, true), []],
    ["without one, paused", deployment(true), []],
    ["one of two rests", deployment(false, true, false), []],
    ["paused", deployment(true, true), ["warning schedules:paused"]],
    ["all rest", deployment(false, false), ["warning schedules:paused"]],
  ])("%s", (_, one, findings) => {
    expect(said(judgeSchedules([one], new Set()))).toEqual(findings);
    expect(judgeSchedules([one], new Set(["f/n"]))).toEqual([]);
  });
});

describe("late runs", () => {
  const now = new Date("2026-11-25T12:00:00Z");
  const run = (minutes: number, pool = "runs") => ({
    name: "r",
    work_pool_name: pool,
    expected_start_time: new Date(now.getTime() - minutes * 60_000).toISOString(),
  });
  const pool = { name: "runs", is_paused: false, concurrency_limit: null };

  test("a run is late after ten minutes, and one finding tells of a pool", () => {
    expect(judgeLateRuns([run(1), run(9)], [pool], now)).toEqual([]);
    const found = judgeLateRuns([run(11), run(180), run(1)], [pool], now);
    expect(said(found)).toEqual(["warning late-runs:runs"]);
    expect(found[0]?.what).toBe(
      "2 flow runs of the pool runs should have begun already, the first 3 h ago",
    );
  });

  test.each([
    [{ ...pool, is_paused: true }, "the pool is paused"],
    [{ ...pool, concurrency_limit: 2 }, "takes 2 at a time"],
    [pool, "its worker does not take them"],
  ])("%o: why", (one, why) => {
    expect(judgeLateRuns([run(60)], [one], now)[0]?.why).toContain(why);
  });
});

test("limits that differ are told of, and those that nobody has declared are not", async () => {
  const config = await configWith({
    pools: [
      { name: "a", concurrency_limit: 2 },
      { name: "b" },
      { name: "new", concurrency_limit: 1 },
    ],
    concurrency_limits: [{ name: "tag", limit: 3 }],
  });
  const pools = [
    { name: "a", concurrency_limit: 9 },
    { name: "b", concurrency_limit: 7 },
  ];
  expect(said(judgeLimits(config, pools, [{ name: "tag", limit: 3 }]))).toEqual([
    "warning limits:pool a",
  ]);
  expect(said(judgeLimits(config, [], [{ name: "tag", limit: 1 }]))).toEqual([
    "warning limits:limit tag",
  ]);
});

describe("files with secrets", () => {
  test.each([
    [0o600, true, []],
    [0o640, true, []],
    [0o644, false, []],
    [0o644, true, ["fault secret-files:/f"]],
  ])("mode %o, secrets: %s", (mode, holdsSecrets, findings) => {
    expect(said(judgeFiles([{ path: "/f", mode, holdsSecrets }]))).toEqual(findings);
  });

  test.each([
    ["PREFECT_HOME=/x\nPREFECT_API_URL=http://h:4200/api", false],
    ["PREFECT_API_KEY=abc", true],
    ["PREFECT_API_KEY=", false],
    ["X=postgresql+asyncpg://u:pw@h/d", true],
  ])("%j", (text, expected) => {
    expect(hasSecrets(text)).toBe(expected);
  });

  test.each([
    ["server: {auth_file: /etc/auth}", false],
    ["  database_url: postgresql+asyncpg://u:pw@h/d", true],
    ["  # database_url: postgresql+asyncpg://u:pw@h/d", false],
    ["    AWS_SECRET_ACCESS_KEY: abc", true],
  ])("%j", (text, expected) => {
    expect(hasSecretsInYaml(text)).toBe(expected);
  });
});

test("lines that journald dropped of others are not ours", () => {
  const text = "Suppressed 12 messages from other.service\n";
  expect(judgeJournal(text, "sails-supervisor.service")).toEqual([]);
  const found = judgeJournal(
    `${text}Suppressed 400 messages from sails-supervisor.service\nSuppressed 5 messages from sails-supervisor.service\n`,
    "sails-supervisor.service",
  );
  expect(found[0]?.what).toContain("dropped 405 lines");
});

test.each([
  ["", []],
  ["LoadState=not-found\nUnitFileState=\nNeedDaemonReload=no", []],
  ["LoadState=loaded\nUnitFileState=enabled\nNeedDaemonReload=no", []],
  ["LoadState=loaded\nUnitFileState=enabled-runtime\nNeedDaemonReload=no", []],
  ["LoadState=loaded\nUnitFileState=disabled\nNeedDaemonReload=no", ["warning unit-file:disabled"]],
  ["LoadState=loaded\nUnitFileState=enabled\nNeedDaemonReload=yes", ["warning unit-file:changed"]],
])("systemd says %j", (properties, findings) => {
  const unitOf = { name: "sails-supervisor.service", isUsers: false };
  expect(said(judgeUnitFile(unitOf, properties))).toEqual(findings);
});

describe("clocks", () => {
  const here = new Date("2026-11-25T12:00:00.500Z");
  const well: Clocks = { here, there: undefined, isKept: false, isRight: false, upMs: 3_600_000 };

  test.each([
    ["nobody knows", {}, []],
    ["a second's difference", { there: new Date("2026-11-25T12:00:00Z") }, []],
    ["a minute's", { there: new Date("2026-11-25T11:59:00Z") }, ["fault clock:skew"]],
    ["kept and right", { isKept: true, isRight: true }, []],
    ["kept and not set", { isKept: true }, ["warning clock:unsynchronized"]],
    ["just booted", { isKept: true, upMs: 60_000 }, []],
  ])("%s", (_, changes, findings) => {
    expect(said(judgeClock({ ...well, ...changes }))).toEqual(findings);
  });
});

describe("what runs by hand", () => {
  const process = (pid: number, parent: number, ...words: readonly string[]): SeenProcess => ({
    pid,
    parent,
    words,
    home: undefined,
    isSupervised: false,
  });
  const server = process(30, 20, "python3", "/env/bin/prefect", "server", "start");
  const shell = process(20, 10, "bash");

  test.each([
    [
      "in a screen",
      [process(10, 1, "SCREEN", "-S", "server"), shell, server],
      ["warning sessions:10"],
    ],
    ["in tmux", [process(10, 1, "tmux: server"), shell, server], ["warning sessions:10"]],
    ["in a terminal", [process(10, 1, "sshd"), shell, server], []],
    ["ours", [process(10, 1, "SCREEN"), shell, { ...server, isSupervised: true }], []],
    ["an empty screen", [process(10, 1, "SCREEN"), shell], []],
  ])("%s", (_, processes, findings) => {
    expect(said(judgeSessions(processes))).toEqual(findings);
  });

  test.each([
    [["python", "/x/libexec/prefect-server", "server", "start", "--port", "1"], true],
    [["/env/bin/prefect", "server", "start"], true],
    [["python", "-m", "uvicorn", "prefect.server.api.server:create_app"], true],
    [["/env/bin/prefect", "worker", "start"], false],
    [["python", "-m", "prefect.engine"], false],
  ])("%o is a server: %s", (words, expected) => {
    expect(isServer({ words })).toBe(expected);
  });

  test("two servers on one database are told of, with the one to end", () => {
    const ours = { ...server, pid: 40, isSupervised: true };
    expect(judgeServers("/db", [ours])).toEqual([]);
    const [found] = judgeServers("/db", [ours, server]);
    expect(found).toMatchObject({ id: "two-servers", severity: "fault" });
    expect(found?.cure).toContain("`kill 30`");
  });
});

describe("the shell of whoever asks", () => {
  const none: ShellSettings = { home: undefined, url: undefined, profile: undefined };

  test.each([
    ["nothing set", {}, []],
    ["the same home", { home: "/data/" }, []],
    ["the same server by another name", { url: "http://localhost:4201/api" }, []],
    ["the same port of this machine's public name", { url: "http://vm.example.org:4201/api" }, []],
    ["another port", { url: "http://127.0.0.1:4200/api" }, ["warning shell-profile:url"]],
    ["Prefect's cloud", { url: "https://api.prefect.cloud/api/x" }, ["warning shell-profile:url"]],
    ["another home", { home: "/old" }, ["warning shell-profile:home"]],
    ["another home, but the address", { home: "/old", url: "http://127.0.0.1:4201/api" }, []],
    [
      "a profile elsewhere",
      { profile: { name: "x", url: "http://u:pw@h:4200/api" } },
      ["warning shell-profile:profile"],
    ],
    ["a profile without an address", { profile: { name: "x", url: undefined } }, []],
  ])("%s", (_, changes, findings) => {
    const found = judgeShell(withServer, { ...none, ...changes });
    expect(said(found)).toEqual(findings);
    expect(JSON.stringify(found)).not.toContain("pw");
  });
});

test("what is not detached is noted", () => {
  const pool = { name: "runs", type: "process", detached: true };
  const deployment = { name: "n", flowName: "f", poolName: "runs", command: undefined };
  expect(judgeDrains([pool], [deployment])).toEqual([]);
  expect(said(judgeDrains([{ ...pool, detached: false }], []))).toEqual(["note drains:pools"]);
  expect(judgeDrains([{ ...pool, type: "docker", detached: false }], [])).toEqual([]);
  expect(said(judgeDrains([pool], [{ ...deployment, command: "x" }]))).toEqual([
    "note drains:commands",
  ]);
});

describe("the daemon and Prefect's API", () => {
  const server = (changes: Partial<UnitStatus>) => statusOf([unit("server", changes)]);

  test.each([
    ["ready", server({ ready: true }), []],
    ["starting", server({ ready: false, state: "starting", reasonCode: "wanted" }), []],
    ["stopped", server({ ready: false, desired: "down", state: "stopped" }), []],
    [
      "backing off",
      server({ ready: false, state: "backoff", reasonCode: "crash" }),
      ["fault daemon:unit server"],
    ],
    [
      "without its volume",
      server({ ready: false, state: "waiting", reasonCode: "volume" }),
      ["fault daemon:unit server"],
    ],
    [
      "waiting for its turn",
      server({ ready: false, state: "waiting", reasonCode: "dependency" }),
      [],
    ],
  ])("a server that is %s", (_, status, findings) => {
    expect(said(judgeDaemon({ kind: "answers", status }))).toEqual(findings);
  });

  test("a daemon's problems are findings", () => {
    const problems = [{ id: "profile", what: "it is so", cure: null }];
    const status = { ...statusOf([]), problems };
    expect(said(judgeDaemon({ kind: "answers", status }))).toEqual(["warning daemon:profile"]);
    const unreachable = { kind: "unreachable", why: "w", cure: "c" } as const;
    expect(said(judgeDaemon(unreachable))).toEqual(["fault daemon:unreachable"]);
  });

  test("an API that refuses the password gets another cure", () => {
    expect(judgeApi({ kind: "ok", value: [] }, true)).toEqual([]);
    const refused = { kind: "refused", status: 401, why: "Prefect answered 401" } as const;
    expect(judgeApi(refused, true)[0]?.cure).toContain("server.auth_file");
    expect(judgeApi({ kind: "unreachable", why: "away" }, true)[0]?.cure).toContain("logs server");
    expect(judgeApi({ kind: "unreachable", why: "away" }, false)[0]?.cure).toContain("api_url");
  });
});
