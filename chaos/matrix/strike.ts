/** Does to a process what the columns of the fault matrix say. */
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { isThere, type ProcessIdentity } from "../../src/host/processes.ts";
import { signalProcess } from "../../src/host/signals.ts";
import type { Fault } from "./cells.ts";

/** Long enough for whoever would take silence for death, short enough for no restart. */
const stoppedMs = 6_000;

/** Resolves when it is done; a stopped process goes on by then. */
export async function strike(victim: ProcessIdentity, fault: Fault): Promise<void> {
  if (!isThere(victim)) return;
  switch (fault) {
    case "SIGKILL":
    case "SIGTERM":
    case "SIGSEGV":
      signalProcess(victim.pid, fault);
      return;
    case "SIGSTOP":
      signalProcess(victim.pid, "SIGSTOP");
      await sleep(stoppedMs);
      if (isThere(victim)) signalProcess(victim.pid, "SIGCONT");
      return;
    case "OOM":
      await starve(victim);
  }
}

/** Why no process can be made to run out of memory here; undefined if it can. */
export function whyNoStarving(): string | undefined {
  const made = makePoorhouse();
  if (made.kind === "failed") return made.why;
  rmdirSync(made.cgroup);
  return undefined;
}

/** Puts it into a cgroup with too little memory for it and a glutton: the kernel chooses it. */
async function starve(victim: ProcessIdentity): Promise<void> {
  const made = makePoorhouse();
  if (made.kind === "failed") throw new Error(made.why);
  const { cgroup } = made;
  try {
    writeFileSync(`/proc/${victim.pid}/oom_score_adj`, "1000");
    writeFileSync(join(cgroup, "cgroup.procs"), String(victim.pid));
    // A victim that is small itself: now and then the kernel takes the glutton for it.
    while (isThere(victim)) {
      await promisify(execFile)("/bin/sh", ["-c", glutton, cgroup]).catch(() => undefined);
      await sleep(10);
    }
  } finally {
    // The kernel is still busy with what has died in it.
    while (!isRemoved(cgroup)) await sleep(10);
  }
}

/** `tail` keeps all of a line until it has seen its end. */
const glutton = `echo $$ >"$0/cgroup.procs"; head -c 100M /dev/zero | tail >/dev/null`;

type Made =
  | { readonly kind: "made"; readonly cgroup: string }
  | { readonly kind: "failed"; readonly why: string };

/** Of cgroup v2 and of v1. */
const hierarchies = [
  { root: "/sys/fs/cgroup", limit: "memory.max" },
  { root: "/sys/fs/cgroup/memory", limit: "memory.limit_in_bytes" },
] as const;

function makePoorhouse(): Made {
  let why = "there is no cgroup controller of memory";
  for (const { root, limit } of hierarchies) {
    const cgroup = join(root, `sails-poorhouse-${randomUUID()}`);
    try {
      mkdirSync(cgroup);
    } catch (error) {
      why = `no cgroup can be made: ${String(error)}`;
      continue;
    }
    if (existsSync(join(cgroup, limit))) {
      writeFileSync(join(cgroup, limit), String(16 * 1024 ** 2));
      return { kind: "made", cgroup };
    }
    rmdirSync(cgroup);
  }
  return { kind: "failed", why };
}

function isRemoved(cgroup: string): boolean {
  try {
    rmdirSync(cgroup);
    return true;
  } catch {
    return false;
  }
}
