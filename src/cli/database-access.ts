/** The way to the database and its backups: by the daemon, or without one. */
import { describeFault } from "../config/fault.ts";
import { type Loaded, loadConfig } from "../config/load.ts";
import type { ControlClient } from "../control/client.ts";
import type { Status } from "../control/status.ts";
import { complain, complainOf } from "./complain.ts";
import type { Context, OfflineDatabase } from "./context.ts";
import { daemonClient } from "./daemon-client.ts";
import { exitStatus } from "./exit-status.ts";

export interface BackupOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export type Access =
  | { readonly kind: "daemon"; readonly client: ControlClient; readonly status: Status }
  | { readonly kind: "offline"; readonly database: OfflineDatabase }
  /** It has been said why. */
  | { readonly kind: "none"; readonly status: number };

export async function accessDatabase(
  context: Context,
  { config }: BackupOptions,
  signal: AbortSignal,
): Promise<Access> {
  const client = await daemonClient(context, config);
  if (client === undefined) return { kind: "none", status: exitStatus.unreachable };
  const answer = await client.status(signal);
  if (answer.kind === "answered") return { kind: "daemon", client, status: answer.value };
  const { env, home, uid, cwd } = context;
  const loaded: Loaded = await loadConfig({ file: config, env, home, uid, cwd });
  if (loaded.kind === "faulty") {
    const faults = loaded.faults.map(describeFault).join("\n");
    await complain(context, `the configuration cannot be read:\n${faults}`);
    return { kind: "none", status: exitStatus.failed };
  }
  const opened = await context.openDatabase(loaded.config);
  if (opened.kind === "opened") return { kind: "offline", database: opened.database };
  // It runs, and we may not talk to it.
  return { kind: "none", status: await complainOf(context, answer) };
}

/** What is running is said where somebody reads along. */
export async function sayStep(
  { err }: Context,
  { json }: BackupOptions,
  words: string,
): Promise<void> {
  if (err.isTerminal && !json) await err.write(`${err.paint("faint", words)}\n`);
}
