/**
 * `doctor`: examines the installation. The work is done by a child that tells each result as it
 * comes: whatever hangs in it, or keeps it from ending, this process only stops listening.
 */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "./config/config.ts";
import { loadConfig } from "./config/load.ts";
import { ControlClient } from "./control/client.ts";
import { explainUnreachable } from "./control/unreachable.ts";
import { configuration, judgeConfiguration } from "./doctor/configuration.ts";
import { silent } from "./doctor/examine.ts";
import { type DoctorReport, type Examined, reportOf } from "./doctor/finding.ts";
import type { DaemonView, PrefectView, Scene } from "./doctor/ports.ts";
import { hearLines } from "./host/abandonable-lines.ts";
import { createEyes } from "./host/eyes.ts";
import { ownProgram } from "./host/own-program.ts";
import { lookAtRemote } from "./host/remote-entry.ts";

type Named = Pick<Parameters<typeof silent>[0], "name" | "finds">;

/** What the child tells, a line of JSON each: first what it will examine. */
type Line = { readonly examining: readonly Named[] } | { readonly examined: Examined };

/** Of all, from the start of this process on: it stays below five seconds on a busy machine, too. */
const patienceMs = 4_500;
const examinationMs = 2_500;
const daemonMs = 1_500;
const lookMs = 1_000;
const requestMs = 2_000;

export async function examine(configFile: string | undefined): Promise<DoctorReport> {
  const [program, ...args] = ownProgram("doctor-work");
  const named = configFile === undefined ? [] : ["--config", configFile];
  let expected: readonly Named[] = [configuration];
  const examined: Examined[] = [];
  const work = { command: [program, ...args, ...named], env: process.env } as const;
  await hearLines({ ...work, timeoutMs: patienceMs - performance.now() }, (text) => {
    // Both ends are one program.
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by work() below
    const line = JSON.parse(text) as Line;
    if ("examining" in line) expected = [...expected, ...line.examining];
    else examined.push(line.examined);
  });
  const isMissing = ({ name }: Named) => !examined.some(({ examination }) => examination === name);
  const late = expected.filter(isMissing).map((each) => silent(each, "it had no answer in time"));
  return reportOf([...examined, ...late]);
}

/** The child's part. Resolves with its exit status. */
export async function doctorWork(configFile: string | undefined): Promise<number> {
  const tell = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const own = process.env;
  const loaded = await loadConfig({
    file: configFile,
    env: own,
    home: homedir(),
    uid: process.getuid?.() ?? 0,
    cwd: process.cwd(),
    look: (path) => lookAtRemote(path, lookMs),
  });
  const faults = loaded.kind === "faulty" ? loaded.faults : [];
  tell({ examined: judgeConfiguration(faults, loaded.warnings) });
  if (loaded.kind === "faulty") return 0;
  const [{ examinations }, { examineAll }, prefect] = await Promise.all([
    import("./doctor/registry.ts"),
    import("./doctor/examine.ts"),
    prefectOf(loaded.config),
  ]);
  tell({ examining: examinations.map(({ name, finds }) => ({ name, finds })) });
  const scene: Scene = {
    config: loaded.config,
    eyes: createEyes(own),
    prefect,
    daemon: once(() => askDaemon(loaded.config)),
    shell: own,
    userHome: homedir(),
    now: new Date(),
  };
  const expired = (): Promise<void> => sleep(examinationMs, undefined, { ref: false });
  await examineAll(examinations, scene, expired, (examined) => tell({ examined }));
  return 0;
}

async function askDaemon({ stateDir }: Config): Promise<DaemonView> {
  const late = sleep(daemonMs, undefined, { ref: false }).then(
    (): DaemonView => explainUnreachable("ETIMEDOUT", stateDir, stateDir),
  );
  return Promise.race([late, statusOf(stateDir)]);
}

async function statusOf(stateDir: string): Promise<DaemonView> {
  const answer = await new ControlClient(stateDir).status(AbortSignal.timeout(daemonMs));
  switch (answer.kind) {
    case "answered":
      return { kind: "answers", status: answer.value };
    case "unreachable":
      return answer;
    case "refused": {
      const cure =
        "`systemctl restart sails-supervisor` starts the program that is installed now; units and flows go on";
      return { kind: "unreachable", why: answer.why, cure };
    }
    default:
      return answer satisfies never;
  }
}

async function prefectOf(config: Config): Promise<PrefectView | undefined> {
  if (!config.server.enabled && config.prefect.apiUrl === undefined) return undefined;
  const [{ createPrefectApi }, { createDeclaredApi }, { apiUrl }] = await Promise.all([
    import("./prefect/api/client.ts"),
    import("./prefect/api/declared.ts"),
    import("./prefect/installation.ts"),
  ]);
  const { authFile } = config.server;
  const auth = authFile === undefined ? undefined : (await readFile(authFile, "utf8")).trim();
  const transport = { url: apiUrl(config), auth, requestTimeoutMs: requestMs };
  const api = createPrefectApi(transport);
  const declared = createDeclaredApi(transport);
  const { signal } = new AbortController();
  return {
    pools: once(() => api.pools(signal)),
    workers: (pool) => api.workers(pool, signal),
    deployments: once(() => declared.deployments(signal)),
    limits: once(() => declared.limits(signal)),
    lateRuns: once(() => declared.lateRuns(signal)),
  };
}

/** Asked by many, done once. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let answer: Promise<T> | undefined;
  return () => (answer ??= ask());
}
