/** Where a flow run is started as Prefect's worker would: with real programs, but for the engine. */
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { vi } from "vitest";
import { fixture, patience, TemporaryFolder } from "../host/real-launcher.ts";

/** As it stands in the base job template of managed pools. */
export const command =
  '[ -x "$SAILS_FLOW_RUN" ] && exec "$SAILS_FLOW_RUN"; exec python -m prefect.engine';

export const runId = "0f2b1c9e-5a61-4c1e-9f53-3a3c8f0a7d11";

/** What the engine found when it began. */
export interface Facts {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly prefix: string;
  readonly directory: string;
  readonly pid: number;
  readonly group: number;
  readonly session: number;
  readonly cgroup: string;
  readonly descriptors: Readonly<Record<string, string>>;
  readonly blocking: readonly boolean[];
  readonly begunAt: number;
}

export interface Started {
  readonly child: ChildProcess;
  readonly environment: Readonly<Record<string, string>>;
  /** What the worker heard of it so far. */
  readonly heard: () => string;
  readonly facts: () => Promise<Facts>;
  readonly ended: Promise<unknown>;
}

export interface StartOptions {
  readonly id?: string;
  /** `undefined` takes a variable away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly script?: string;
  readonly stdio?: StdioOptions;
  readonly detached?: boolean;
}

export class Stage implements AsyncDisposable {
  readonly #folder = new TemporaryFolder();
  readonly #started: Started[] = [];
  readonly runs = this.at("state/runs");
  readonly logs = this.at("state/logs/runs");
  /** A link, which may be switched. */
  readonly environment = this.at("environment");
  readonly realEnvironment = this.at("environment.versions/one");

  constructor() {
    for (const folder of [this.runs, this.logs, this.at("work")]) {
      mkdirSync(folder, { recursive: true });
    }
    makeEnvironment(this.realEnvironment);
    symlinkSync(this.realEnvironment, this.environment);
  }

  at(path: string): string {
    return join(this.#folder.path, path);
  }

  start({ id = runId, env = {}, script = command, stdio, detached }: StartOptions = {}): Started {
    const report = this.at(`report-${this.#started.length}`);
    const environment = withoutUndefined({
      PATH: `${this.environment}/bin:/usr/bin:/bin`,
      LANG: "C.UTF-8",
      REPORT: report,
      SAILS_FLOW_RUN: resolve("libexec/flow-run"),
      SAILS_RUNS_DIRECTORY: this.runs,
      SAILS_RUN_LOGS_DIRECTORY: this.logs,
      SAILS_POOL: "etl",
      SAILS_JOURNAL_SOCKET: this.at("no-journald"),
      PREFECT__FLOW_RUN_ID: id,
      PREFECT__FLOW_NAME: "survey",
      PREFECT__DEPLOYMENT_NAME: "nightly «α»",
      PREFECT__CONTROL_TOKEN: "a-secret",
      ...env,
    });
    const child = spawn("/bin/sh", ["-c", script], {
      cwd: this.at("work"),
      env: environment,
      stdio: stdio ?? ["pipe", "pipe", "pipe"],
      detached: detached ?? false,
    });
    let heard = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        heard += text;
      });
    }
    const started = {
      child,
      environment,
      heard: () => heard,
      ended: once(child, "exit"),
      facts: () => vi.waitFor(() => readFacts(report), patience),
    };
    this.#started.push(started);
    return started;
  }

  output(id = runId): string {
    return readFileSync(join(this.logs, `${id}.log`), "utf8");
  }

  /** Lines of ours in a run's output, but for the first two, which say that it begins. */
  troubles(id = runId): readonly string[] {
    return this.output(id)
      .split("\n")
      .filter((line) => /^sails-supervisor: (?!flow run)/.test(line));
  }

  records(): readonly string[] {
    return readdirSync(this.runs).filter((name) => !name.startsWith("."));
  }

  record(pid: number | undefined, id = runId): Record<string, unknown> {
    return JSON.parse(readFileSync(join(this.runs, `${id}.${pid}`, "record.json"), "utf8"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { child } of this.#started) child.kill("SIGKILL");
    await Promise.all(this.#started.map(({ ended }) => ended));
    this.#folder[Symbol.dispose]();
  }
}

const readFacts = (report: string): Facts => JSON.parse(readFileSync(report, "utf8"));

function withoutUndefined(
  env: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> {
  const given = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(given);
}

/** As `python -m venv` makes it, with nothing in it but an engine. */
function makeEnvironment(path: string): void {
  const { executable, library } = interpreter();
  const packages = join(path, "lib", library, "site-packages/prefect");
  mkdirSync(join(path, "bin"), { recursive: true });
  mkdirSync(packages, { recursive: true });
  symlinkSync(executable, join(path, "bin/python"));
  symlinkSync("python", join(path, "bin/python3"));
  writeFileSync(join(path, "pyvenv.cfg"), `home = ${dirname(executable)}\n`);
  writeFileSync(join(packages, "__init__.py"), "");
  copyFileSync(fixture("stand-in-engine.py"), join(packages, "engine.py"));
}

let known: { readonly executable: string; readonly library: string } | undefined;

function interpreter(): { readonly executable: string; readonly library: string } {
  const script =
    "import json, sys; print(json.dumps({'executable': sys._base_executable, 'library': 'python%d.%d' % sys.version_info[:2]}))";
  known ??= JSON.parse(execFileSync("python3", ["-c", script], { encoding: "utf8" }));
  if (known === undefined) throw new Error("python3 does not say where it is");
  return known;
}
