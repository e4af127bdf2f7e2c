/**
 * What was made as it was declared, and when: by it a change of the declaration is told from a
 * change that somebody made in Prefect. Without it, what is declared is believed.
 */
import { createHash } from "node:crypto";
import * as z from "zod";
import type { Files } from "../ports.ts";
import type { Claim } from "./steps.ts";

const keptSchedule = z.object({
  id: z.string(),
  slug: z.string().nullish(),
  active: z.boolean(),
  schedule: z.record(z.string(), z.unknown()),
  parameters: z.record(z.string(), z.unknown()).default({}),
  max_scheduled_runs: z.number().nullish(),
  /** Whether `prefect deploy` made it. */
  isFromFile: z.boolean(),
  /** As `prefect deploy` made it. */
  madeActive: z.boolean().optional(),
});
export type KeptSchedule = z.infer<typeof keptSchedule>;

/** What an operator has made or set, and `prefect deploy` would take away. */
const kept = z.object({
  /** Undefined: as `prefect deploy` has it. */
  paused: z.boolean().optional(),
  schedules: z.array(keptSchedule),
  /** Those that the file declares now. */
  fileSlugs: z.array(z.string()),
});
export type Kept = z.infer<typeof kept>;

const record = z.object({
  file: z.string(),
  selector: z.string(),
  /** Whether we made it, and so may delete it. */
  isOurs: z.boolean(),
  /** Of what it was made from. */
  entry: z.string(),
  code: z.string(),
  lock: z.string(),
  /** As `prefect deploy` left it, by Prefect's name for each setting. */
  made: z.record(z.string(), z.string()),
  paused: z.boolean(),
  /** Those of `prefect.yaml`: by id, whether they were active. */
  schedules: z.record(z.string(), z.boolean()),
});
export type DeploymentRecord = z.infer<typeof record>;

const shape = z.object({
  version: z.literal(1),
  claims: z.record(z.string(), z.string()),
  /** By the id of the deployment. */
  deployments: z.record(z.string(), record),
  /** Deployments that are being deployed: what has to be put back, whoever does it. */
  interrupted: z.record(z.string(), kept),
});
type Written = z.infer<typeof shape>;

const nothing: Written = { version: 1, claims: {}, deployments: {}, interrupted: {} };

export class Ledger {
  readonly #files: Pick<Files, "read" | "write">;
  readonly #path: string;
  #now: Written = nothing;
  #written: string | undefined;

  constructor(files: Pick<Files, "read" | "write">, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** Once; then it knows. */
  async open(): Promise<void> {
    if (this.#written !== undefined) return;
    this.#written = (await this.#files.read(this.#path)) ?? "";
    this.#now = parse(this.#written);
  }

  get deployments(): Readonly<Record<string, DeploymentRecord>> {
    return this.#now.deployments;
  }

  get interrupted(): Readonly<Record<string, Kept>> {
    return this.#now.interrupted;
  }

  readonly wasClaimed = ({ key, value }: Claim): boolean =>
    Object.hasOwn(this.#now.claims, key) && this.#now.claims[key] === fingerprint(value);

  note(claims: readonly Claim[]): void {
    const more = Object.fromEntries(claims.map(({ key, value }) => [key, fingerprint(value)]));
    this.#now = { ...this.#now, claims: { ...this.#now.claims, ...more } };
  }

  record(id: string, made: DeploymentRecord): void {
    this.#now = { ...this.#now, deployments: { ...this.#now.deployments, [id]: made } };
  }

  /** What the server does not have any more is no use. */
  forgetOthers(ids: ReadonlySet<string>): void {
    const still = <T>(all: Readonly<Record<string, T>>): Record<string, T> =>
      Object.fromEntries(Object.entries(all).filter(([id]) => ids.has(id)));
    const { deployments, interrupted } = this.#now;
    this.#now = {
      ...this.#now,
      deployments: still(deployments),
      interrupted: still(interrupted),
    };
  }

  interrupt(id: string, what: Kept): void {
    this.#now = { ...this.#now, interrupted: { ...this.#now.interrupted, [id]: what } };
  }

  settle(id: string): void {
    const { [id]: _, ...interrupted } = this.#now.interrupted;
    this.#now = { ...this.#now, interrupted };
  }

  /** Writes what is new. Rejects where the disk does: then nothing may be relied on. */
  async save(): Promise<void> {
    const text = `${JSON.stringify(this.#now, undefined, 1)}\n`;
    if (text === this.#written) return;
    await this.#files.write(this.#path, text);
    this.#written = text;
  }
}

function parse(text: string): Written {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    return nothing;
  }
}

/** The same for what means the same: the order of keys means nothing. */
export const fingerprint = (value: unknown): string =>
  createHash("sha256").update(ordered(value)).digest("hex").slice(0, 20);

export const ordered = (value: unknown): string =>
  JSON.stringify(value, (_key, part: unknown) => (isMap(part) ? sorted(part) : part)) ?? "null";

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

const sorted = (map: Readonly<Record<string, unknown>>): object =>
  Object.fromEntries(Object.entries(map).toSorted(([one], [other]) => (one < other ? -1 : 1)));
