/** Something of everything that is collected of Prefect and of the volumes. */
import type { Collected, WorkPoolSnapshot } from "../../src/metrics/prefect-snapshot.ts";

export const workPool = (
  name: string,
  changes: Partial<WorkPoolSnapshot> = {},
): WorkPoolSnapshot => ({
  name,
  type: "process",
  status: "ready",
  isPaused: false,
  limit: 2,
  activeSlots: 1,
  runs: { scheduled: 5, late: 1, pending: 0, running: 1, paused: 0, cancelling: 0 },
  workers: { online: 1, offline: 0 },
  oldestLate: new Date(1_000),
  ...changes,
});

export const everythingCollected = {
  prefect: {
    version: "3.8.8",
    pools: [workPool("gpu")],
    queues: [{ pool: "gpu", name: "default", isPaused: false, lastPolled: new Date(2_000) }],
    workers: [{ unit: "worker@gpu", pool: "gpu", lastHeartbeat: new Date(3_000) }],
    stalledSchedules: 0,
  },
  volumes: {
    volumes: [{ volume: "home", size: 1_000, free: 100 }],
    database: { main: 10, wal: 1 },
  },
} satisfies Collected;
