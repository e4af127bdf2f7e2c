/** Reads what `libexec/flow-run` wrote down of a flow run's process. */
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import type { RunRecord } from "../prefect/ports.ts";
import { errnoOf, messageOf } from "./errno.ts";

export type ReadRecord =
  | { readonly kind: "read"; readonly record: RunRecord }
  /** It is not there, or no longer. */
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly why: string };

const version = 1;
const mostBytes = 64 * 1024;
const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

const pid = z.int().min(2);
const optional = z
  .string()
  .nullish()
  .transform((value) => value ?? undefined);

const shape = z
  .object({
    version: z.literal(version),
    flow_run_id: z.string().min(1),
    pool: z.string(),
    pid,
    start_time: z.int().nonnegative(),
    boot_id: z.string().min(1),
    worker_pid: z.int().nonnegative(),
    started_at: z.iso.datetime().transform((text) => new Date(text)),
    environment: z.string(),
    output: optional,
    cgroup: optional,
    flow_name: optional,
    deployment_name: optional,
  })
  .transform(
    (written): RunRecord => ({
      flowRunId: written.flow_run_id,
      pool: written.pool,
      pid: written.pid,
      startTime: written.start_time,
      bootId: written.boot_id,
      workerPid: written.worker_pid,
      startedAt: written.started_at,
      environment: written.environment,
      output: written.output,
      cgroup: written.cgroup,
      flowName: written.flow_name,
      deploymentName: written.deployment_name,
    }),
  );

/** The name of the folder that holds a record. */
export const folderOf = ({ flowRunId, pid: its }: Pick<RunRecord, "flowRunId" | "pid">): string =>
  `${flowRunId}.${its}`;

/** Whether a folder of this name may hold one: a hidden one is not complete yet. */
export const isFolderName = (name: string): boolean => /^[^.].*\.\d+$/.test(name);

/** Of one process, and not of two to which the kernel gave the same pid. */
export const isSameProcess = (one: RunRecord, other: RunRecord): boolean =>
  one.flowRunId === other.flowRunId &&
  one.pid === other.pid &&
  one.startTime === other.startTime &&
  one.bootId === other.bootId;

export function readRecord(runs: string, folder: string): ReadRecord {
  try {
    const record = parse(readSmallFile(join(runs, folder, "record.json")));
    return folderOf(record) === folder
      ? { kind: "read", record }
      : { kind: "unreadable", why: `it is about process ${folderOf(record)}` };
  } catch (error) {
    const code = errnoOf(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent" };
    return { kind: "unreadable", why: messageOf(error) };
  }
}

function parse(text: string): RunRecord {
  const written: unknown = JSON.parse(text);
  const its = z.looseObject({ version: z.number() }).safeParse(written).data?.version;
  if (its !== undefined && its !== version) {
    throw new Error(`it has version ${its}, and this program knows version ${version}`);
  }
  const { data, error } = shape.safeParse(written);
  if (data === undefined) throw new Error(z.prettifyError(error).replaceAll(/\s+/g, " "));
  return data;
}

/** Whatever somebody put there: a pipe must not hold us, and a film must not fill the memory. */
function readSmallFile(path: string): string {
  const fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  try {
    const { size } = fstatSync(fd);
    if (size > mostBytes) throw new Error(`it has ${size} bytes`);
    return readFileSync(fd, "utf8");
  } finally {
    closeSync(fd);
  }
}
