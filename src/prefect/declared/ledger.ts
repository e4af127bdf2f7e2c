/**
 * What was made as it was declared, and when: by it a change of the declaration is told from a
 * change that somebody made in Prefect. Without it, what is declared is believed.
 */
import { createHash, randomUUID } from "node:crypto";
import type { Files } from "../ports.ts";
import {
  type DeploymentRecord,
  type Kept,
  nothing,
  parseLedger,
  salvage,
  type Written,
} from "./ledger-file.ts";
import type { Claim, Difficulty } from "./steps.ts";

type LedgerFiles = Pick<Files, "read" | "write" | "exists" | "rename">;

export class Ledger {
  readonly #files: LedgerFiles;
  readonly #path: string;
  #now: Written = nothing;
  #written: string | undefined;
  #keepAside: () => Promise<void> = () => Promise.resolve();

  constructor(files: LedgerFiles, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** Once; then it knows. Writes nothing. */
  async open(): Promise<void> {
    if (this.#written !== undefined) return;
    const text = await this.#files.read(this.#path);
    if (text === undefined && (await this.#files.exists(this.#path))) {
      this.#begin({}, randomUUID().slice(0, 8), (aside) => this.#files.rename(this.#path, aside));
    } else if (text !== undefined && parseLedger(text) === undefined) {
      this.#begin(salvage(text), fingerprint(text).slice(0, 8), (aside) =>
        this.#files.write(aside, text),
      );
    } else if (text !== undefined) this.#now = parseLedger(text) ?? nothing;
    this.#written = text ?? "";
  }

  /** Anew, beside one that cannot be read. */
  #begin(
    interrupted: Written["interrupted"],
    mark: string,
    keepAside: (aside: string) => Promise<void>,
  ): void {
    const lost = `${this.#path}.unreadable-${mark}`;
    this.#now = { ...nothing, interrupted, lost };
    this.#keepAside = () => keepAside(lost);
  }

  /** What was made before is not known: what differs may be somebody's doing. */
  get isInDoubt(): boolean {
    return this.#now.lost !== undefined;
  }

  /** What that means, as long as it is so. */
  get difficulties(): readonly Difficulty[] {
    const { lost } = this.#now;
    if (lost === undefined) return [];
    const what = `${this.#path} cannot be read and is kept as ${lost}. What was made before is not known, so what somebody changed in Prefect cannot be told from what the configuration or a prefect.yaml changed: what differs is treated as drift, and prune deletes nothing that was made before`;
    const cure =
      "Look at `sails-supervisor plan`; `sails-supervisor apply` makes it so, and all is known again. Pauses stay";
    return [{ id: "declared.json", what, cure }];
  }

  /** All that is declared is made, or was looked at by an operator. */
  trust(): void {
    const { lost: _, ...now } = this.#now;
    this.#now = now;
  }

  get deployments(): Readonly<Record<string, DeploymentRecord>> {
    return this.#now.deployments;
  }

  get interrupted(): Readonly<Record<string, Kept>> {
    return this.#now.interrupted;
  }

  /** So it is somebody who has changed it; in doubt, it may be. */
  readonly wasClaimed = ({ key, value }: Claim): boolean =>
    Object.hasOwn(this.#now.claims, key)
      ? this.#now.claims[key] === fingerprint(value)
      : this.isInDoubt;

  /** So it is the declaration that has changed, and nobody else. */
  readonly wasOther = ({ key, value }: Claim): boolean =>
    Object.hasOwn(this.#now.claims, key) && this.#now.claims[key] !== fingerprint(value);

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
    await this.#keepAside();
    this.#keepAside = () => Promise.resolve();
    await this.#files.write(this.#path, text);
    this.#written = text;
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
