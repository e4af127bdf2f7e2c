/** CPU time of units over all their processes: what each sample shows more than the one before. */
export interface CpuTimes {
  readonly userSeconds: number;
  readonly systemSeconds: number;
}

interface Seen extends CpuTimes {
  readonly spawn: number;
}

const none: CpuTimes = { userSeconds: 0, systemSeconds: 0 };

export class CpuAccount<Unit extends object> {
  readonly #seen = new WeakMap<Unit, Seen>();

  /**
   * What has been used since the last sample. `spawn` tells a process from the one before it: pids
   * come round, and a start time reckoned from the wall clock moves with it. A sum over several
   * processes falls when one of them ends; what is counted does not.
   */
  spend(unit: Unit, spawn: number, { userSeconds, systemSeconds }: CpuTimes): CpuTimes {
    const seen = this.#seen.get(unit);
    const before = seen?.spawn === spawn ? seen : none;
    this.#seen.set(unit, { spawn, userSeconds, systemSeconds });
    return {
      userSeconds: Math.max(0, userSeconds - before.userSeconds),
      systemSeconds: Math.max(0, systemSeconds - before.systemSeconds),
    };
  }
}
