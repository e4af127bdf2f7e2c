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
        reasons: z.array(z.enum(["hot-restart", "drain", "stop", "check"])).readonly(),
        isOurs: z.boolean(),
        since: z.string(),
        deadline: z.string().optional(),
        askedAt: z.string().optional(),
        isToldOf: z.literal(true).optional(),
        stamp: z.object({ updated: z.string(), rest: z.string() }).optional(),
      }),
    )
    .default({}),
  /** Pools that an operator has opened although what they require does not hold. */
  overruled: z.array(z.string()).default([]),
  /** What came of jobs, and when they are due; each is read for itself. */
  jobs: z.record(z.string(), z.unknown()).default({}),
  /** When a backup was last found to be whole, by order. */
  backupVerified: z.iso.datetime().optional().catch(undefined),
  /** What was done to the environment at `path`. */
  environment: z
    .object({
      path: z.string().optional(),
      /** The name of a version, or where a link led before. */
      previous: z.string().optional(),
      /** After a rollback: as long as this is declared. Null: what is declared was not known then. */
      hold: z.object({ inputs: z.string().nullable() }).optional(),
      lastSync: z.iso.datetime().optional(),
    })
    .default({}),
  /** The children that live, by unit. Each is read for itself: one that has no sense costs no other. */
  children: z.record(z.string(), z.unknown()).default({}),
});

const childShape = z.object({
  pid: z.int().min(2),
  /** In clock ticks since the boot: with it, the pid is nobody else's. */
  startTime: z.int(),
  bootId: z.string(),
  invocation: z.string(),
  spawnedAt: z.iso.datetime().transform((text) => new Date(text)),
  /** How often the unit has been started, this child included. */
  spawns: z.int().min(1),
  specHash: z.string(),
  killMode: z.enum(["control-group", "process"]),
  cgroup: z.string().nullable(),
});

export type RecordedChild = z.infer<typeof childShape>;

export const readChild = (value: unknown): RecordedChild | undefined =>
  childShape.safeParse(value).data;

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

/**
 * @param idFile holds the supervisor's id alone: without it, children could not be told from strangers
 * @param idOfChildren the id that children bear, where both files are lost
 */
export async function recollect(
  file: AtomicFile,
  idFile: AtomicFile,
  idOfChildren: () => string | undefined,
): Promise<Recollection> {
  const text = await file.read();
  const remembered = text === undefined ? undefined : parse(text);
  const known = remembered?.supervisorId ?? toId(await idFile.read()) ?? toId(idOfChildren());
  const supervisorId = known ?? randomUUID();
  const isDamaged = text !== undefined && remembered === undefined;
  const trouble = `${file.path} is damaged, so it is begun anew: units that were stopped by hand are started. What runs is found by its marks`;
  return {
    remembered: remembered ?? { ...nothing, supervisorId },
    trouble: isDamaged ? trouble : undefined,
  };
}

const nothing: Omit<Remembered, "supervisorId"> = {
  version: 1,
  stopped: [],
  healthPorts: {},
  capabilities: {},
  children: {},
  closures: {},
  overruled: [],
  environment: {},
  jobs: {},
};

function parse(text: string): Remembered | undefined {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const toId = (text: string | undefined): string | undefined =>
  z.uuid().safeParse(text?.trim()).data;
