/**
 * What systemd is doing with our unit. `systemctl restart` and `stop` both arrive as SIGTERM; the
 * job behind it tells them apart: there until the unit has stopped, ExecStopPost= included, and
 * replaced where another order overtakes it. A signal of somebody else's has no job.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";

/** `other`: none, or one that stops nothing. `unknown`: systemd did not say. */
export type JobKind = "restart" | "stop" | "other" | "unknown";

export interface OwnUnit {
  /** `sails-supervisor.service` */
  readonly name: string;
  /** Whose manager it is: one of a user has a bus of its own. */
  readonly isUsers: boolean;
  /** `/system.slice/sails-supervisor.service`: all that it started is in there. */
  readonly cgroup: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** PID 1 answers in milliseconds; one that does not must not hold up a stop. */
const patienceMs = 2_000;

/** Undefined where systemd did not start us. */
export const findOwnUnit = (): OwnUnit | undefined =>
  unitOf(readFileSync("/proc/self/cgroup", "utf8"));

/** The innermost service that a process with this /proc/PID/cgroup is in. */
export function unitOf(cgroup: string): OwnUnit | undefined {
  const parts = pathsIn(cgroup)
    .find((path) => path.includes(".service"))
    ?.split("/");
  const at = parts?.findLastIndex((part) => part.endsWith(".service")) ?? -1;
  const name = parts?.[at];
  if (parts === undefined || name === undefined) return undefined;
  const inside = parts.slice(0, at + 1).join("/");
  return { name, isUsers: /\/user@\d+\.service\/./.test(inside), cgroup: inside };
}

/** Whether a process with this /proc/PID/cgroup belongs to the unit. */
export const isInUnit = ({ cgroup }: OwnUnit, ofProcess: string): boolean =>
  pathsIn(ofProcess).some((path) => path === cgroup || path.startsWith(`${cgroup}/`));

/** In the hierarchies by which systemd knows its units. */
const pathsIn = (cgroup: string): readonly string[] =>
  [...cgroup.matchAll(/^(?:\d+:name=systemd|0:):(\/.*)$/gm)].map(([, path = ""]) => path);

export async function askJobKind(own: Environment, unit: OwnUnit): Promise<JobKind> {
  const jobs = await callManager("ListJobs", own, unit.isUsers);
  return jobs === undefined ? "unknown" : jobKindOf(jobs, unit.name);
}

/** `{"type":"a(usssoo)","data":[[[129,"a.service","restart","running","/…","/…"]]]}` */
export function jobKindOf(answer: string, unit: string): JobKind {
  const jobs = jobsIn(answer);
  if (jobs === undefined) return "unknown";
  const type = jobs.find((job) => job[1] === unit)?.[2];
  return type === "restart" || type === "stop" ? type : "other";
}

function jobsIn(answer: string): readonly (readonly unknown[])[] | undefined {
  try {
    const message: unknown = JSON.parse(answer);
    if (typeof message !== "object" || message === null || !("data" in message)) return undefined;
    const [jobs]: readonly unknown[] = Array.isArray(message.data) ? message.data : [];
    return Array.isArray(jobs) && jobs.every(Array.isArray) ? jobs : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined without a bus, or if nobody answers. */
function callManager(
  method: string,
  own: Environment,
  isUsers: boolean,
): Promise<string | undefined> {
  const manager = "org.freedesktop.systemd1";
  const args = ["--json=short", ...(isUsers ? ["--user"] : []), "call", manager];
  const call = [...args, "/org/freedesktop/systemd1", `${manager}.Manager`, method];
  const options = { env: { ...own }, timeout: patienceMs, killSignal: "SIGKILL" } as const;
  return new Promise((resolve) =>
    execFile("busctl", call, options, (error, stdout) =>
      resolve(error === null ? stdout : undefined),
    ),
  );
}
