/** `reexec`: the daemon replaces its own code, and its children stay its children. */
import type { Status } from "../control/status.ts";
import { formatSpan, type Millis } from "../supervision/time.ts";
import { awaitSuccessor } from "./await-successor.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";
import { asJson } from "./json.ts";
import { oneLine } from "./text-width.ts";

export interface ReexecOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly timeout: Millis;
}

export async function reexec(
  context: Context,
  { config, json, timeout }: ReexecOptions,
): Promise<number> {
  const client = await daemonClient(context, config);
  if (client === undefined) return exitStatus.unreachable;
  const { signal } = new AbortController();
  const before = await client.status(signal);
  if (before.kind !== "answered") return complainOf(context, before);
  const ordered = await client.reexec(signal);
  if (ordered.kind !== "answered") return complainOf(context, ordered);
  if (ordered.value.kind === "failed") {
    await complain(context, `the daemon was not replaced: ${oneLine(ordered.value.why)}`);
    return exitStatus.failed;
  }
  const isOver = AbortSignal.timeout(timeout);
  const after = await awaitSuccessor(client, before.value.supervisor.startedAt, isOver);
  if (after === undefined) {
    const what = `the daemon has not come back with new code in ${formatSpan(timeout)}`;
    await complain(context, what, "`sails-supervisor status` says whether it still runs");
    return exitStatus.failed;
  }
  const replaced = compare(before.value, after);
  if (json) await context.out.write(asJson(replaced));
  else await tell(context, replaced);
  const isAsPromised = isSameProcess(replaced) && replaced.touched.length === 0;
  return isAsPromised ? exitStatus.done : exitStatus.failed;
}

interface Replaced {
  readonly daemon: {
    readonly pid: number;
    readonly pidBefore: number;
    readonly version: string;
    readonly versionBefore: string;
  };
  /** How many units had a process. */
  readonly units: number;
  /** Those of them whose process is another now, or gone. */
  readonly touched: readonly Touched[];
}

interface Touched {
  readonly unit: string;
  readonly pidBefore: number;
  readonly pid: number | null;
}

function compare(before: Status, after: Status): Replaced {
  const pids = new Map(after.units.map(({ name, pid }) => [name, pid]));
  const ran = before.units.flatMap(({ name, pid }) =>
    pid === null ? [] : [{ unit: name, pidBefore: pid, pid: pids.get(name) ?? null }],
  );
  return {
    daemon: {
      pid: after.supervisor.pid,
      pidBefore: before.supervisor.pid,
      version: after.supervisor.version,
      versionBefore: before.supervisor.version,
    },
    units: ran.length,
    touched: ran.filter(({ pidBefore, pid }) => pid !== pidBefore),
  };
}

const isSameProcess = ({ daemon }: Replaced): boolean => daemon.pid === daemon.pidBefore;

async function tell(context: Context, replaced: Replaced): Promise<void> {
  const { units, touched } = replaced;
  const { pid, pidBefore, version, versionBefore } = replaced.daemon;
  if (!isSameProcess(replaced)) {
    await complain(
      context,
      `process ${pid} has taken over from process ${pidBefore}, which ended before it could replace its code`,
      "`journalctl -u sails-supervisor` says why",
    );
  }
  for (const one of touched) {
    const now = one.pid === null ? "has none now" : `is process ${one.pid} now`;
    await complain(context, `${one.unit} was process ${one.pidBefore} and ${now}`);
  }
  if (!isSameProcess(replaced) || touched.length > 0) return;
  const former = version === versionBefore ? "" : ` (before: ${versionBefore})`;
  const ran = `no unit was touched (${units} ran)`;
  await context.out.write(`process ${pid} runs version ${version}${former}; ${ran}\n`);
}
