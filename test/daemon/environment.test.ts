/** The real daemon with the real uv, and Prefects of a few lines: what becomes of environments. */
import { execFileSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readlinkSync } from "node:fs";
import { mkdir, rm, watch, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, type TestContext, test } from "vitest";
import type { EnvironmentList, EnvironmentStatus, Status } from "../../src/control/status.ts";
import { type DaemonProcess, Workplace } from "../support/daemon-process.ts";
import { HungMount, whyNoMounts } from "../support/hung-mount.ts";
import { packageFiles, StubProject, uvProgram } from "../support/stub-project.ts";

class Place implements AsyncDisposable {
  readonly workplace: Workplace;
  readonly project: StubProject;
  readonly path: string;

  private constructor(workplace: Workplace, project: StubProject) {
    this.workplace = workplace;
    this.project = project;
    this.path = join(workplace.directory, "volume/prefect-env");
  }

  static async make(ctx: Pick<TestContext, "skip">): Promise<Place> {
    const uv = uvProgram(ctx);
    const workplace = await Workplace.make({});
    const place = new Place(workplace, await StubProject.make(workplace.directory, uv));
    await mkdir(join(place.path, ".."));
    await place.configure({});
    return place;
  }

  configure(environment: Readonly<Record<string, unknown>>): Promise<void> {
    const { directory: project } = this.project;
    return this.workplace.configure({
      server: { enabled: false },
      environment: { project, path: this.path, ...environment },
      services: [{ name: "beside", command: ["sleep", "100000"] }],
    });
  }

  start(): DaemonProcess {
    return this.workplace.start(this.project.environment);
  }

  get versions(): readonly string[] {
    return readdirSync(`${this.path}.versions`).toSorted();
  }

  get link(): string {
    return readlinkSync(this.path);
  }

  prefect(folder = this.path): string {
    return execFileSync(join(folder, "bin/prefect"), ["--version"], { encoding: "utf8" }).trim();
  }

  async list(): Promise<EnvironmentList> {
    const response = await fetch(`${this.workplace.webUrl}/api/v1/environments`);
    return (await response.json()) as EnvironmentList;
  }

  async addTools(hook: string): Promise<void> {
    for (const [name, text] of Object.entries(packageFiles("tools", hook))) {
      await this.project.write(`libs/tools/${name}`, text);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.workplace[Symbol.asyncDispose]();
  }
}

/** Resolves when the file is there. */
async function appears(file: string): Promise<void> {
  const changes = watch(dirname(file));
  if (existsSync(file)) return;
  for await (const _ of changes) if (existsSync(file)) return;
}

const untilState = async (
  daemon: DaemonProcess,
  ...states: readonly EnvironmentStatus["state"][]
): Promise<Status> =>
  daemon.until(({ environment }) => environment !== null && states.includes(environment.state));

test("built, switched, gone back from, and removed when nobody needs it", async (ctx) => {
  await using place = await Place.make(ctx);
  const { project, workplace } = place;
  await project.requirements("prefect==0.1");
  const daemon = place.start();
  await untilState(daemon, "in-step");
  expect(place.prefect()).toBe("0.1");
  const [first = ""] = place.versions;
  expect(place.link).toBe(`prefect-env.versions/${first}`);

  await project.requirements("prefect==0.2");
  expect((await workplace.run("env", "sync")).stdout).toContain("Prefect 0.2");
  expect(place.prefect()).toBe("0.2");
  expect(place.versions).toHaveLength(2);
  expect((await workplace.run("env")).stdout).toMatch(/current.*0\.2[^]*previous.*0\.1/);

  const back = await workplace.run("env", "rollback", "--json");
  expect(JSON.parse(back.stdout)).toMatchObject({ kind: "done", environment: { state: "held" } });
  expect(place.link).toBe(`prefect-env.versions/${first}`);
  // Neither a reload nor another daemon ends it, only another lock or an order.
  expect((await workplace.run("reload")).status).toBe(0);
  await daemon.end("SIGTERM");
  const next = place.start();
  await untilState(next, "held");
  expect(place.prefect()).toBe("0.1");
  expect((await workplace.run("env", "sync")).status).toBe(0);
  expect(place.prefect()).toBe("0.2");

  await workplace.run("env", "rollback");
  await project.requirements("prefect==0.1", "# another lock");
  await workplace.run("reload");
  await untilState(next, "in-step");
  const { environments } = await place.list();
  expect(environments.map(({ use, prefect }) => [use, prefect])).toEqual([
    ["current", "0.1"],
    ["previous", "0.1"],
  ]);
  expect(place.versions).toHaveLength(2);
  expect((await workplace.run("status")).stdout).toContain("is what requirements-locked.txt says");
  expect(await (await fetch(`${workplace.webUrl}/metrics`)).text()).toMatch(
    /sails_environment_info\{lock_hash="[0-9a-f]{12}",python_version="3[^"]+",prefect_version="0\.1"\} 1/,
  );
});

test("a uv.lock, packages beside it and modules of the project: nothing is written to it", async (ctx) => {
  await using place = await Place.make(ctx);
  const { project } = place;
  const pyproject = `[project]
name = "survey"
version = "1.0"
requires-python = ">=3.9"
dependencies = ["prefect==0.1", "tools"]
[build-system]
requires = []
build-backend = "nowhere"
[tool.uv.sources]
tools = { path = "libs/tools" }
`;
  await project.write("pyproject.toml", pyproject);
  await project.write("src/survey/__init__.py", "y = 2\n");
  await place.addTools("pass");
  await project.uv("lock");
  const before = await project.content();
  const daemon = place.start();
  const { environment } = await untilState(daemon, "in-step", "failed");
  expect(environment?.reason).toBe("is what uv.lock says");
  const python = join(place.path, "bin/python");
  const code = "import survey, tools; print(survey.y, tools.x, tools.__file__)";
  const printed = execFileSync(python, ["-B", "-c", code], { encoding: "utf8" });
  expect(printed).toMatch(/^2 1 .*prefect-env\/lib/);
  expect(await project.content()).toEqual(before);

  // Other words, the same packages: nothing is built.
  const { versions } = place;
  await project.write("pyproject.toml", `${pyproject}# a comment\n`);
  expect((await place.workplace.run("env", "sync")).status).toBe(0);
  expect(place.versions).toEqual(versions);
});

test("one that a script has built counts, without any uv, and is not ours to remove", async (ctx) => {
  await using place = await Place.make(ctx);
  const { project, workplace } = place;
  await project.requirements("prefect==0.1");
  const builder = place.start();
  await untilState(builder, "in-step");
  await builder.end("SIGTERM");
  const [version = ""] = place.versions;
  await rm(join(`${place.path}.versions`, version, "sails-environment.json"));
  await rm(workplace.stateDir, { recursive: true });
  const without = workplace.start({
    PATH: "/usr/bin:/bin",
    UV_OFFLINE: "1",
    HOME: workplace.directory,
  });
  await untilState(without, "in-step");
  expect(place.versions).toEqual([version]);
  await without.end("SIGTERM");
  const daemon = place.start();
  for (const comment of ["one", "two", "three"]) {
    await project.requirements("prefect==0.2", `# ${comment}`);
    await untilState(daemon, "in-step");
    expect((await workplace.run("env", "sync")).status).toBe(0);
  }
  expect(place.versions).toHaveLength(3);
  expect(place.versions).toContain(version);
});

test("a folder that lies at the path already is kept, and can be gone back to", async (ctx) => {
  await using place = await Place.make(ctx);
  const { project, workplace, path } = place;
  await project.uv("venv", path);
  await project.uv("pip", "install", "--python", join(path, "bin/python"), "prefect==0.1");
  await project.requirements("prefect==0.2");
  const daemon = place.start();
  await untilState(daemon, "in-step");
  expect(place.prefect()).toBe("0.2");
  const adopted = place.versions.find((name) => name.startsWith("adopted-")) ?? "";
  expect(place.prefect(join(`${path}.versions`, adopted))).toBe("0.1");
  expect((await workplace.run("env", "rollback")).status).toBe(0);
  expect(place.link).toBe(`prefect-env.versions/${adopted}`);
  expect(place.prefect()).toBe("0.1");
});

const pyprojectFor = (dependency: string): string =>
  `[project]\nname = "p"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["${dependency}"]\n`;

const faults: readonly {
  readonly what: string;
  readonly spoil: (place: Place) => Promise<void>;
  readonly words: RegExp;
}[] = [
  {
    what: "a lock that does not match",
    spoil: async ({ project }) => {
      await project.write("pyproject.toml", pyprojectFor("prefect==0.1"));
      await project.uv("lock");
      await project.write("pyproject.toml", pyprojectFor("prefect==0.2"));
    },
    words:
      /`uv export --locked` exited with status 1: The lockfile at `uv.lock` needs to be updated/,
  },
  {
    what: "a lock without Prefect",
    spoil: ({ project }) => project.requirements("iniconfig==2.0.0"),
    words: /requirements-locked.txt does not lock the package prefect/,
  },
  {
    what: "a Python that is missing",
    spoil: (place) => place.configure({ python: "3.99" }),
    words: /Python 3.99 is not installed, which environment.python asks for; installed: 3/,
  },
  {
    what: "a package that is nowhere",
    spoil: ({ project }) => project.requirements("prefect==0.9"),
    words: /`uv pip install` exited with status 1: .*prefect==0.9/,
  },
  {
    what: "a package that cannot be built",
    spoil: async (place) => {
      await place.addTools("raise SystemExit('needs a compiler')");
      await place.project.requirements("prefect==0.2", "./libs/tools");
    },
    words: /Failed to build .*needs a compiler/,
  },
  {
    what: "a server that cannot be imported",
    spoil: ({ project }) => project.requirements("prefect==0.3"),
    words: /Prefect does not start: .*TypeError: Body\(\) got an unexpected keyword argument/,
  },
  {
    what: "a lock that is gone",
    spoil: ({ project }) => rm(join(project.directory, "requirements-locked.txt")),
    words: /the project has neither uv.lock nor requirements-locked.txt/,
  },
];

test.for(faults)(
  "$what changes nothing, and is said in one sentence",
  async ({ spoil, words }, ctx) => {
    await using place = await Place.make(ctx);
    await place.project.requirements("prefect==0.1");
    const daemon = place.start();
    await untilState(daemon, "in-step");
    const { link, versions } = place;
    await spoil(place);
    await place.workplace.run("reload");
    const synced = await place.workplace.run("env", "sync");
    expect(synced.stderr).toMatch(words);
    expect(synced.status).toBe(1);
    expect(synced.stderr).toContain("What to do: ");
    expect(place.link).toBe(link);
    expect(place.versions).toEqual(versions);
    const { problems, units } = await daemon.status();
    expect(problems.map(({ id }) => id)).toEqual(["environment"]);
    expect(units.map(({ name, ready }) => [name, ready])).toEqual([["service@beside", true]]);
    expect((await place.workplace.run("env")).status).toBe(4);
  },
);

test("no space: said, and built when there is some", async (ctx) => {
  await using place = await Place.make(ctx);
  const volume = join(place.path, "..");
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", volume], { stdio: "ignore" });
  } catch {
    ctx.skip("only root can mount a small volume");
  }
  try {
    await place.project.requirements("prefect==0.1");
    const daemon = place.start();
    const { environment } = await untilState(daemon, "failed", "in-step");
    expect(environment?.reason).toMatch(/no space left/i);
    expect(environment?.next).toContain("Make room");
    execFileSync("mount", ["-o", "remount,size=64m", volume]);
    expect((await place.workplace.run("env", "sync")).status).toBe(0);
    expect(place.prefect()).toBe("0.1");
    await daemon.end("SIGTERM");
  } finally {
    execFileSync("umount", ["--lazy", volume]);
  }
});

test("a project that does not answer delays nothing else, and is heard again", async (ctx) => {
  await using place = await Place.make(ctx);
  const { project, workplace } = place;
  const lock = join(project.directory, "requirements-locked.txt");
  // Whoever opens it to read waits for a writer.
  execFileSync("mkfifo", [lock]);
  const daemon = place.start();
  await daemon.untilUnit("service@beside", ({ ready }) => ready);
  const { environment, problems } = await untilState(daemon, "hangs", "failed");
  expect(environment?.reason).toContain("does not answer; nothing can be built");
  expect(problems[0]?.what).toContain("does not answer");
  expect((await workplace.run("status")).stdout).toContain("asked again every minute");
  await rm(lock);
  await project.requirements("prefect==0.1");
  expect((await workplace.run("env", "sync")).status).toBe(0);
  expect(place.prefect()).toBe("0.1");
});

test("a project on a mount that hangs: what is there is used, and nothing else waits", {
  timeout: 180_000,
}, async (ctx) => {
  const why = whyNoMounts();
  if (why !== undefined) ctx.skip(why);
  await using place = await Place.make(ctx);
  const { project, workplace } = place;
  await project.requirements("prefect==0.1");
  const first = place.start();
  await untilState(first, "in-step");
  const { link } = place;
  await using mount = await HungMount.over(project.directory);
  await mount.hang();

  // While it runs, and to one that begins.
  expect((await workplace.run("env", "sync")).stderr).toContain("does not answer");
  const before = await first.unit("service@beside");
  expect((await workplace.run("restart", "service@beside")).status).toBe(0);
  expect((await first.unit("service@beside")).pid).not.toBe(before.pid);
  expect((await workplace.run("reload")).status).toBe(0);
  expect(await first.end("SIGTERM")).toBe(0);
  const next = place.start();
  await next.untilUnit("service@beside", ({ ready }) => ready);
  const { environment, problems } = await untilState(next, "hangs", "failed", "in-step");
  expect(environment?.reason).toContain("does not answer; what is in use stays as it is");
  expect(problems.map(({ id }) => id)).toEqual(["environment"]);
  expect([place.link, place.prefect()]).toEqual([link, "0.1"]);

  await mount.goAway();
  await project.requirements("prefect==0.2");
  expect((await workplace.run("env", "sync")).status).toBe(0);
  expect(place.prefect()).toBe("0.2");
});

test("a mount that hangs before the first build holds back the environment alone", async (ctx) => {
  const why = whyNoMounts();
  if (why !== undefined) ctx.skip(why);
  await using place = await Place.make(ctx);
  const { project, workplace } = place;
  await project.requirements("prefect==0.1");
  await using mount = await HungMount.over(project.directory);
  await mount.hang();
  const daemon = place.start();
  await daemon.untilUnit("service@beside", ({ ready }) => ready);
  const { environment } = await untilState(daemon, "hangs", "failed");
  expect(environment?.reason).toContain("does not answer; nothing can be built");
  await mount.goAway();
  expect((await workplace.run("env", "sync")).status).toBe(0);
  expect(place.prefect()).toBe("0.1");
});

test("a mount that hangs once the project has been read delays neither build nor switch", async (ctx) => {
  const why = whyNoMounts();
  if (why !== undefined) ctx.skip(why);
  await using place = await Place.make(ctx);
  const { project, workplace } = place;
  await project.requirements("prefect==0.1");
  const daemon = place.start();
  await untilState(daemon, "in-step");
  const begun = join(workplace.directory, "begun");
  const go = join(workplace.directory, "go");
  await place.addTools(`import os, time; open("${begun}", "a").write("x")
    while not os.path.exists("${go}"): time.sleep(0.02)`);
  await project.requirements("prefect==0.2", "./libs/tools");
  const sync = workplace.run("env", "sync");
  await appears(begun);
  await using mount = await HungMount.over(project.directory);
  await mount.hang();
  await writeFile(go, "");
  expect((await sync).status).toBe(0);
  expect(place.prefect()).toBe("0.2");
  expect((await daemon.status()).environment?.state).toBe("in-step");
});

test("a daemon that is killed while it builds leaves nothing half done", async (ctx) => {
  await using place = await Place.make(ctx);
  const { project, workplace } = place;
  const begun = join(workplace.directory, "begun");
  const go = join(workplace.directory, "go");
  await place.addTools(`import os, time; open("${begun}", "a").write("x")
    while not os.path.exists("${go}"): time.sleep(0.02)`);
  await project.requirements("prefect==0.1", "./libs/tools");
  const first = place.start();
  await appears(begun);
  expect(await first.end("SIGKILL")).toBe("SIGKILL");
  expect(place.versions).toHaveLength(1);
  expect(place.versions[0]).toContain(".building-");
  expect(existsSync(place.path)).toBe(false);

  const second = place.start();
  await untilState(second, "building");
  await writeFile(go, "");
  await untilState(second, "in-step");
  expect(place.prefect()).toBe("0.1");
  expect(place.versions).toHaveLength(1);
  expect(place.versions[0]).not.toContain(".building-");
  expect(lstatSync(place.path).isSymbolicLink()).toBe(true);
});
