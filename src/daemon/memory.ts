/** What the daemon remembers from one run to the next, in `state.json` of the state folder. */
import { randomUUID } from "node:crypto";
import * as z from "zod";
import type { AtomicFile } from "../host/atomic-file.ts";

const shape = z.object({
  version: z.literal(1),
  /** In the environment of every child: by it the next daemon knows what this one left behind. */
  supervisorId: z.uuid(),
  /** Units that the operator has stopped. */
  stopped: z.array(z.string()),
  /** The loopback ports of workers' own health servers, by unit. */
  healthPorts: z.record(z.string(), z.number()),
  /** What each Prefect's command line can do, by program and its time of change. */
  capabilities: z.record(
    z.string(),
    z.object({ version: z.string(), canLeavePoolsAlone: z.boolean() }),
  ),
  /** Pools that we keep from taking new runs. */
  closures: z
    .record(
      z.string(),
      z.object({
        reasons: z.array(z.enum(["hot-restart", "drain", "stop"])).readonly(),
        isOurs: z.boolean(),
        since: z.string(),
        deadline: z.string().optional(),
      }),
    )
    .default({}),
});

export type Remembered = z.infer<typeof shape>;

export interface Recollection {
  readonly remembered: Remembered;
  /** Why nothing is known of before, if there was something. */
  readonly trouble: string | undefined;
}

export class Memory {
  readonly #file: AtomicFile;
  readonly #report: (trouble: string) => void;
  #remembered: Remembered;
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(file: AtomicFile, remembered: Remembered, report: (trouble: string) => void) {
    this.#file = file;
    this.#remembered = remembered;
    this.#report = report;
  }

  get now(): Remembered {
    return this.#remembered;
  }

  /** Resolves when it would survive a loss of power, or it has been told that it would not. */
  async change(change: Partial<Remembered>): Promise<void> {
    this.#remembered = { ...this.#remembered, ...change };
    // What comes while a write is under way is in the next one, however much it is.
    this.#next ??= this.#writing.then(() => {
      this.#next = undefined;
      this.#writing = this.#write();
      return this.#writing;
    });
    await this.#next;
  }

  async #write(): Promise<void> {
    try {
      await this.#file.write(`${JSON.stringify(this.#remembered, undefined, 2)}\n`);
    } catch (error) {
      this.#report(
        `${this.#file.path} cannot be written: ${String(error)}. What you order now is forgotten when the daemon ends`,
      );
    }
  }
}

export async function recollect(file: AtomicFile): Promise<Recollection> {
  const nothing: Remembered = {
    version: 1,
    supervisorId: randomUUID(),
    stopped: [],
    healthPorts: {},
    capabilities: {},
    closures: {},
  };
  const text = await file.read();
  if (text === undefined) return { remembered: nothing, trouble: undefined };
  try {
    return { remembered: shape.parse(JSON.parse(text)), trouble: undefined };
  } catch {
    const trouble = `${file.path} is damaged, so it is begun anew: units that were stopped by hand are started`;
    return { remembered: nothing, trouble };
  }
}
