/**
 * How the doctor looks at the machine. Whatever lies on a file system is looked at by a child that
 * can be left behind; /proc is read here.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { get } from "node:http";
import type { Eyes, Mount, Seen, SeenProcess } from "../doctor/ports.ts";
import { AbandonableProcess } from "./abandonable-process.ts";
import { baseEnvironment } from "./base-environment.ts";
import { supervisorVariable } from "./marks.ts";
import {
  allPids,
  bootedAt,
  commandLine,
  environmentValue,
  isUnavailable,
  readProcess,
  readStat,
} from "./processes.ts";
import { unitOf } from "./systemd-job.ts";

/** A look; those who ask for it have two and a half seconds in all. */
const patienceMs = 1_800;
const mostBytes = 1024 * 1024;
/** By which the scripts below say that there is nothing. */
const nothingThere = 44;

export function createEyes(own: Readonly<Record<string, string | undefined>>): Eyes {
  const { DBUS_SESSION_BUS_ADDRESS: bus } = own;
  const env = {
    ...baseEnvironment(own),
    ...(bus === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS: bus }),
    LC_ALL: "C",
  };

  async function sh(script: string, ...args: readonly string[]): Promise<Seen<string>> {
    const end = await new AbandonableProcess().run({
      // A spawn waits until the new program is loaded: the shell looks for it, and hangs in its place.
      command: ["/bin/sh", "-c", script, "sh", ...args],
      env,
      timeoutMs: patienceMs,
      mostBytes: 2 * mostBytes,
    });
    if (end.kind === "hangs") return { kind: "silent" };
    if (end.kind === "failed") return { kind: "refused", why: end.why };
    if (end.status === nothingThere) return { kind: "absent" };
    if (end.status !== 0) return { kind: "refused", why: `status ${end.status}` };
    return { kind: "seen", value: end.stdout };
  }

  let processes: readonly SeenProcess[] | undefined;
  return {
    read: (file) =>
      sh(
        `[ -e "$1" ] || exit ${nothingThere}; exec head -c ${mostBytes} -- "$1" 2>/dev/null`,
        file,
      ),
    entry: async (path) =>
      understood(
        await sh(`[ -e "$1" ] || exit ${nothingThere}; exec stat -L -c '%a %s %W' -- "$1"`, path),
        (said) => {
          const [mode = "", bytes, born] = said.trim().split(" ");
          return {
            mode: Number.parseInt(mode, 8),
            bytes: Number(bytes),
            bornAt: Number(born) > 0 ? new Date(Number(born) * 1000) : undefined,
          };
        },
      ),
    volume: async (path) =>
      understood(await sh(volumeScript, path), (said) => {
        const [numbers = "", ...mount] = said.split("\n");
        const [free = 0, block = 0, total = 0, files = 0, freeFiles = 0] = numbers
          .split(" ")
          .map(Number);
        return {
          mount: mount.join("\n").trim(),
          freeBytes: free * block,
          totalBytes: total * block,
          freeFiles: files === 0 ? undefined : freeFiles,
        };
      }),
    matching: async (folder, pattern) =>
      understood(await sh(matchingScript, folder, pattern), (said) =>
        said.split("\0").filter((name) => name !== ""),
      ),
    missing: async (paths) =>
      paths.length === 0
        ? { kind: "seen", value: [] }
        : understood(
            await sh(`for p do [ -e "$p" ] || printf '%s\\0' "$p"; done`, ...paths),
            (said) => said.split("\0").filter((name) => name !== ""),
          ),
    run: (...words) => sh('exec "$@" 2>/dev/null', ...words),
    mounts: () => mountsIn(readFileSync("/proc/self/mountinfo", "utf8")),
    processes: () => (processes ??= [...allPids()].flatMap(look)),
    holders: (file, among) => among.filter(({ pid }) => filesOf(pid).includes(file)),
    unitOf: (pid) => {
      const cgroup = readProcess(pid, "cgroup");
      return cgroup === undefined ? undefined : unitOf(cgroup);
    },
    clockOf,
    bootedAt: bootedAt(),
  };
}

const volumeScript = `p=$1
while [ ! -e "$p" ] && [ -n "$p" ]; do p=\${p%/*}; done
stat -f -c '%a %S %b %c %d' -- "\${p:-/}" && stat -L -c %m -- "\${p:-/}"`;

/** The pattern is one of ours, and no name of anybody's. */
const matchingScript = `cd -- "$1" 2>/dev/null || exit ${nothingThere}
for name in $2; do [ -e "$name" ] && printf '%s\\0' "$PWD/$name"; done; exit 0`;

function understood<T>(seen: Seen<string>, understand: (said: string) => T): Seen<T> {
  return seen.kind === "seen" ? { kind: "seen", value: understand(seen.value) } : seen;
}

/** See proc(5): `36 35 98:0 /root /point options - type source options`, with any number of options before the dash. */
export const mountsIn = (table: string): readonly Mount[] =>
  table.split("\n").flatMap((line) => {
    const [before = "", after] = line.split(" - ");
    const point = before.split(" ")[4];
    const [type, source] = after?.split(" ") ?? [];
    if (point === undefined || type === undefined || source === undefined) return [];
    return [{ point: unescaped(point), type, source: unescaped(source) }];
  });

const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );

function look(pid: number): readonly SeenProcess[] {
  const words = commandLine(pid) ?? [];
  const stat = words.length === 0 ? undefined : readStat(pid);
  if (stat === undefined) return [];
  // The environment of all that runs would be a second's work on a busy machine.
  const isPrefect = words.some((word) => word.includes("prefect"));
  const value = (name: string) => (isPrefect ? environmentValue(pid, name) : undefined);
  return [
    {
      pid,
      words,
      home: value("PREFECT_HOME"),
      parent: stat.parent,
      isSupervised: value(supervisorVariable) !== undefined,
    },
  ];
}

/** None of a process that may not be looked into. */
function filesOf(pid: number): readonly string[] {
  try {
    const folder = `/proc/${pid}/fd`;
    return readdirSync(folder).flatMap((name) => linkOf(`${folder}/${name}`) ?? []);
  } catch (error) {
    if (isUnavailable(error)) return [];
    throw error;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isUnavailable(error)) return undefined;
    throw error;
  }
}

/** Undefined if it does not answer, or does not say. */
async function clockOf(url: string): Promise<Date | undefined> {
  const ask = url.startsWith("https:") ? (await import("node:https")).get : get;
  const { promise, resolve } = Promise.withResolvers<Date | undefined>();
  const options = { agent: false, signal: AbortSignal.timeout(patienceMs) };
  const request = ask(url, options, ({ headers: { date } }) => {
    const time = date === undefined ? Number.NaN : Date.parse(date);
    resolve(Number.isNaN(time) ? undefined : new Date(time));
    request.destroy();
  });
  request.once("error", () => resolve(undefined));
  return promise;
}
