/** All processes of one installation, found as anybody could: by PREFECT_HOME in their environment. */
import {
  commandLine,
  environmentValue,
  findByEnvironment,
  type ProcessIdentity,
} from "../src/host/processes.ts";

export type PrefectProcess = ProcessIdentity &
  (
    | { readonly kind: "server" }
    | { readonly kind: "worker"; readonly pool: string }
    | { readonly kind: "run"; readonly run: string }
    /** Commands, and what flows have started. */
    | { readonly kind: "other"; readonly command: readonly string[] }
  );

export const processesOf = (home: string): readonly PrefectProcess[] =>
  findByEnvironment("PREFECT_HOME", home).flatMap((identity) => {
    const command = commandLine(identity.pid);
    // A zombie has no command line.
    return command === undefined || command.length === 0 ? [] : [classify(identity, command)];
  });

export function describe(process: PrefectProcess): string {
  if (process.kind === "worker") return `worker@${process.pool}`;
  if (process.kind === "run") return `run ${process.run}`;
  return process.kind === "other" ? process.command.join(" ") : process.kind;
}

function classify(identity: ProcessIdentity, command: readonly string[]): PrefectProcess {
  const has = (...words: readonly string[]): boolean =>
    words.every((word) => command.includes(word));
  if (has("server", "start")) return { ...identity, kind: "server" };
  if (has("worker", "start")) {
    return { ...identity, kind: "worker", pool: command[command.indexOf("--pool") + 1] ?? "" };
  }
  const run = environmentValue(identity.pid, "PREFECT__FLOW_RUN_ID");
  if (run !== undefined && command.some((word) => isEngine.test(word))) {
    return { ...identity, kind: "run", run };
  }
  return { ...identity, kind: "other", command };
}

/** The second is what Prefect 3.8 runs first where a pool has no `command`. */
const isEngine = /^prefect\.(engine|runner\._workspace_supervisor)$|\/flow-run$/;
