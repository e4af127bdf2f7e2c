/** What Prefect's folder asks of this machine. */
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access, mkdir, readlink, rm, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import type { Machine } from "../prefect/ports.ts";
import { errnoOf, messageOf } from "./errno.ts";
import { findPortOwner, type PortState, probePort } from "./port-owner.ts";
import { healthOf, httpProbe } from "./probes.ts";
import { readStat } from "./processes.ts";
import { bytesOf } from "./remote-entry.ts";

export const machine: Machine = {
  hostname: hostname(),

  async portTrouble(host, port) {
    const state = await probePort(host, port);
    return state.kind === "free" ? undefined : portTrouble(state, host, port);
  },

  async whyNotWritable(folder) {
    try {
      await mkdir(folder, { recursive: true });
      // Asked of the file system itself: the rights say nothing of one that is full or read-only.
      // Units look at the same time, and each must find its own.
      const probe = join(folder, `.sails-write-test-${randomUUID()}`);
      await writeFile(probe, "x");
      await rm(probe);
      return undefined;
    } catch (error) {
      return explain(folder, error);
    }
  },

  async isExecutable(file) {
    return access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
  },

  async linkTarget(path) {
    return readlink(path).then(
      (target) => resolve(dirname(path), target),
      () => undefined,
    );
  },

  cpuSeconds(pid) {
    const stat = readStat(pid);
    return stat && stat.userSeconds + stat.systemSeconds;
  },

  isStopped: (pid) => readStat(pid)?.state === "T",

  healthOf,

  bytesOf,

  httpProbe,
};

function portTrouble(state: PortState, host: string, port: number): string {
  switch (state.kind) {
    case "free":
    case "taken":
      return `port ${port} is taken by ${holder(host, port)}`;
    case "no-such-address":
      return `this machine has no address ${host}`;
    case "not-permitted":
      return `only root may listen on port ${port}`;
    case "unusable":
      return `port ${port} cannot be used: ${state.why}`;
    default:
      return state satisfies never;
  }
}

function holder(host: string, port: number): string {
  const owner = findPortOwner(host, port);
  switch (owner.kind) {
    case "process": {
      const [program = "a program", ...args] = owner.command;
      const words = [basename(program), ...args].join(" ");
      const short = words.length > 80 ? `${words.slice(0, 79)}…` : words;
      return `${short} (process ${owner.pid}, user ${owner.user})`;
    }
    case "hidden":
      return `a program of the user ${owner.user} (${owner.cure})`;
    case "nobody":
      return "a program that has just gone";
    default:
      return owner satisfies never;
  }
}

function explain(folder: string, error: unknown): string {
  switch (errnoOf(error) ?? "") {
    case "EACCES":
    case "EPERM":
      return `the user of this daemon may not write to ${folder}`;
    case "EROFS":
      return `${folder} is on a file system that is mounted read-only`;
    case "ENOSPC":
    case "EDQUOT":
      return `there is no space left for ${folder}`;
    case "ENOTDIR":
    case "EEXIST":
      return `${folder} or a folder above it is a file`;
    default:
      return `${folder} cannot be written to: ${messageOf(error)}`;
  }
}
