/** Why a program could not be started, for people. Looks only once it has failed: see `launcher.ts`. */
import { accessSync, constants, readFileSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { Exit } from "../supervision/exit.ts";
import type { ProcessSpec } from "../supervision/ports.ts";
import { errnoOf, messageOf } from "./errno.ts";

type SpawnFailed = Extract<Exit, { kind: "spawn-failed" }>;

export function spawnFailure(error: unknown, process: ProcessSpec): SpawnFailed {
  const thrown = errnoOf(error) ?? "EINVAL";
  // Node's own names begin with ERR_: it refuses NUL bytes before the system can.
  const code = thrown.startsWith("ERR_") ? "EINVAL" : thrown;
  return { kind: "spawn-failed", code, message: explain(code, messageOf(error), process) };
}

/** For a start by a shell, which has only its exit status to say so. */
export function unrunnable(process: ProcessSpec): SpawnFailed | undefined {
  const program = findProgram(process);
  const code = program === undefined ? "ENOENT" : isRunnable(program) ? undefined : "EACCES";
  return code && { kind: "spawn-failed", code, message: explain(code, code, process) };
}

function explain(code: string, message: string, process: ProcessSpec): string {
  switch (code) {
    case "ENOENT":
    case "ENOTDIR":
    case "EACCES":
      return explainFolder(process.directory) ?? explainProgram(code, process);
    case "EMFILE":
      return "EMFILE: the daemon has no file descriptors left (`LimitNOFILE=` of its unit)";
    case "ENFILE":
      return "ENFILE: the machine has no file descriptors left (sysctl fs.file-max)";
    case "EAGAIN":
      return "EAGAIN: no further process is allowed (`TasksMax=`, pids.max or `ulimit -u`)";
    case "ENOMEM":
      return "ENOMEM: not enough memory to start a process";
    case "E2BIG":
      return "E2BIG: its arguments and environment are too long";
    default:
      return message.includes(code) ? message : `${code}: ${message}`;
  }
}

/** The system blames the program for a bad folder too. */
function explainFolder(directory: string): string | undefined {
  try {
    if (!statSync(directory).isDirectory()) return `${directory}: not a folder to run in`;
    accessSync(directory, constants.X_OK);
    return undefined;
  } catch (error) {
    return errnoOf(error) === "EACCES"
      ? `${directory}: no permission to run in this folder`
      : `${directory}: no such folder to run in`;
  }
}

function explainProgram(code: string, process: ProcessSpec): string {
  const [name] = process.command;
  const program = findProgram(process);
  if (program === undefined) {
    if (code === "EACCES") return `${name}: no permission to reach it`;
    return name.includes("/")
      ? `${name}: no such program`
      : `${name}: no such program on the PATH ${process.env["PATH"] ?? "(none)"}`;
  }
  if (code === "ENOENT") {
    return `${program}: its interpreter ${readInterpreter(program) ?? ""} is missing`;
  }
  return `${program}: not an executable file`;
}

function findProgram({ command, env, directory }: ProcessSpec): string | undefined {
  const [name] = command;
  const folders = name.includes("/") ? ["."] : (env["PATH"] ?? "/bin:/usr/bin").split(":");
  return folders.map((folder) => resolve(directory, folder, name)).find(exists);
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

function isRunnable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function readInterpreter(program: string): string | undefined {
  try {
    return /^#!\s*(\S+)/.exec(readFileSync(program, "latin1"))?.[1];
  } catch {
    return undefined;
  }
}
