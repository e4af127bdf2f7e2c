/** What a child has started beside itself, and how all of it is ended. */
import type { Escapees } from "./escapees.ts";
import { signalGroup } from "./signals.ts";
import type { UnitCgroup } from "./unit-cgroup.ts";

export interface Remains {
  /** Of the group and of the session that the child leads. */
  readonly pid: number;
  readonly invocation: string;
  readonly cgroup: UnitCgroup | undefined;
  readonly escapees: Escapees;
}

/** Not to be called once the pid may belong to another process. */
export function endAll({ pid, invocation, cgroup, escapees }: Remains): void {
  const isComplete = cgroup?.kill() ?? false;
  signalGroup(pid, "SIGKILL");
  if (!isComplete) escapees.sweep(invocation);
}
