/** Keeps in the state file which children live, so that the next daemon can take them over. */
import type { ChildRegister, LivingChild } from "../host/launcher.ts";
import type { Clock } from "../supervision/ports.ts";
import { ms } from "../supervision/time.ts";
import type { Memory, RecordedChild } from "./memory.ts";

export interface ChildRecordsDeps {
  readonly memory: Memory;
  readonly clock: Clock;
  readonly bootId: string;
  /** How often each unit has been started. */
  readonly spawns: () => ReadonlyMap<string, number>;
}

/**
 * Many children come and go at once, and none of their restarts waits for a disk: what is not
 * written yet when the daemon dies is found by the marks of the processes.
 */
const writeAfter = ms(250);

type Living = Omit<RecordedChild, "spawns">;

export class ChildRecords implements ChildRegister {
  readonly #deps: ChildRecordsDeps;
  readonly #living = new Map<string, Living>();
  #isWriteDue = false;

  constructor(deps: ChildRecordsDeps) {
    this.#deps = deps;
  }

  lives(unit: string, child: LivingChild): void {
    const { pid, startTime, invocation, spawnedAt, specHash, killMode, cgroup = null } = child;
    const identity = { pid, startTime, bootId: this.#deps.bootId, invocation };
    this.#living.set(unit, { ...identity, spawnedAt, specHash, killMode, cgroup });
    this.#writeSoon();
  }

  ended(unit: string, invocation: string): void {
    if (this.#living.get(unit)?.invocation !== invocation) return;
    this.#living.delete(unit);
    this.#writeSoon();
  }

  /** Whether a child of ours that lives comes from this spawn. */
  isLiving(invocation: string): boolean {
    return [...this.#living.values()].some((child) => child.invocation === invocation);
  }

  /** Resolves when what lives now stands in the file. */
  async flush(): Promise<void> {
    this.#isWriteDue = false;
    const spawns = this.#deps.spawns();
    const children = [...this.#living].map(([unit, child]) => {
      const recorded: RecordedChild = { ...child, spawns: spawns.get(unit) ?? 1 };
      return [unit, recorded] as const;
    });
    await this.#deps.memory.change({ children: Object.fromEntries(children) });
  }

  #writeSoon(): void {
    if (this.#isWriteDue) return;
    this.#isWriteDue = true;
    this.#deps.clock.schedule(writeAfter, () => {
      if (this.#isWriteDue) void this.flush();
    });
  }
}
