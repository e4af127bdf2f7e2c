/**
 * Whether a name and a password are right. What was found is remembered, for a scraper comes every
 * few seconds with the same one; what is new is compared in a thread, one after the other, so that
 * nobody keeps the machine busy by guessing.
 */
import { createHash, randomBytes } from "node:crypto";
import { Worker } from "node:worker_threads";

export type PasswordVerdict = "right" | "wrong" | "busy";

export type Compare = (password: string, hash: string) => Promise<boolean>;

/** Found out, right and wrong. */
const mostKnown = 100;
const mostWaiting = 20;
/** Of a password that nobody has: names that do not exist take as long as those that do. */
const nobody = "$2b$10$Z4jP7zkOfvfS1UwY6Q6m0OCnGmsKnJdCLEZySJa7ZHY6RpwmXmupi";

export class PasswordCheck {
  readonly #compare: Compare;
  readonly #known = new Map<string, boolean>();
  /** What is known shall be of no use to whoever reads the memory. */
  readonly #salt = randomBytes(16);
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  constructor(compare: Compare) {
    this.#compare = compare;
  }

  /** @param hash that of the name; undefined if there is no such name */
  async check(hash: string | undefined, password: string): Promise<PasswordVerdict> {
    const key = this.#keyOf(hash ?? nobody, password);
    const known = this.#known.get(key);
    if (known !== undefined) return verdictOf(known && hash !== undefined);
    if (this.#waiting >= mostWaiting) return "busy";
    this.#waiting += 1;
    const before = this.#last;
    const comparing = this.#find(before, key, hash ?? nobody, password);
    this.#last = comparing.catch(() => undefined);
    try {
      return verdictOf((await comparing) && hash !== undefined);
    } finally {
      this.#waiting -= 1;
    }
  }

  async #find(
    before: Promise<unknown>,
    key: string,
    hash: string,
    password: string,
  ): Promise<boolean> {
    await before;
    // Somebody may have asked the same meanwhile.
    const known = this.#known.get(key) ?? (await this.#compare(password, hash));
    this.#remember(key, known);
    return known;
  }

  #remember(key: string, isRight: boolean): void {
    const [oldest] = this.#known.keys();
    if (this.#known.size >= mostKnown && oldest !== undefined) this.#known.delete(oldest);
    this.#known.set(key, isRight);
  }

  #keyOf(hash: string, password: string): string {
    return createHash("sha256")
      .update(this.#salt)
      .update(JSON.stringify([hash, password]))
      .digest("hex");
  }
}

const verdictOf = (isRight: boolean): PasswordVerdict => (isRight ? "right" : "wrong");

/** @param file `password-worker`, as source or bundled */
export const compareInThread =
  (file: string): Compare =>
  (password, hash) => {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    const worker = new Worker(file, { workerData: { password, hash }, execArgv: [] });
    worker.once("message", resolve);
    worker.once("error", reject);
    worker.once("exit", () => reject(new Error("the comparison of a password ended early")));
    return promise;
  };
