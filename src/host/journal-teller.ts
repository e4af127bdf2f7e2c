/**
 * Sends entries with fields of their own to journald, by a small program that lives for as long as
 * there is something to tell. What it could not send its owner is given back, to say it otherwise.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type JournalFields = Readonly<Record<string, string>>;

interface Telling {
  readonly fields: JournalFields;
  readonly otherwise: () => void;
}

export interface JournalTellerDeps {
  /** `libexec/tell-journal` */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

interface Speaker {
  readonly process: ChildProcess;
  /** What it has been given, and has not sent yet as far as is known. */
  readonly given: Telling[];
  readonly closed: Promise<void>;
}

/** For this long after the last entry the program waits for the next one. */
const idleMs = 300;
const endTimeoutMs = 1_000;

export class JournalTeller {
  readonly #deps: JournalTellerDeps;
  #waiting: Telling[] = [];
  #turn: NodeJS.Immediate | undefined;
  #speaker: Speaker | undefined;
  #last: Promise<void> = Promise.resolve();
  #idle: NodeJS.Timeout | undefined;

  constructor(deps: JournalTellerDeps) {
    this.#deps = deps;
  }

  /**
   * Later: what there is to tell of must not wait for it, as the start of a unit.
   *
   * @param otherwise is called if it turns out that the entry could not be sent
   */
  tell(fields: JournalFields, otherwise: () => void): void {
    this.#waiting.push({ fields, otherwise });
    this.#turn ??= setImmediate(() => this.#give());
  }

  /** Resolves when all has been sent, or said otherwise. */
  async settled(): Promise<void> {
    this.#give();
    const speaker = this.#speaker;
    this.#end();
    const patience = setTimeout(() => speaker?.process.kill("SIGKILL"), endTimeoutMs);
    await this.#last;
    clearTimeout(patience);
  }

  #give(): void {
    clearImmediate(this.#turn);
    this.#turn = undefined;
    const telling = this.#waiting.splice(0);
    if (telling.length === 0) return;
    this.#speaker ??= this.#start();
    const { stdin } = this.#speaker?.process ?? { stdin: null };
    if (this.#speaker === undefined || stdin === null) {
      for (const { otherwise } of telling) otherwise();
      return;
    }
    this.#speaker.given.push(...telling);
    stdin.write(telling.map(({ fields }) => `${JSON.stringify(fields)}\n`).join(""));
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#end(), idleMs).unref();
  }

  /** Undefined if there is no descriptor left for it. */
  #start(): Speaker | undefined {
    const { program, env } = this.#deps;
    const process = spawn(program, [], { env, stdio: ["pipe", "pipe", "ignore"] });
    // Its end says all that matters.
    process.on("error", () => undefined);
    if (process.pid === undefined) return undefined;
    process.stdin.on("error", () => undefined);
    const given: Telling[] = [];
    createInterface({ input: process.stdout }).on("line", () => void given.shift());
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const speaker = { process, given, closed };
    process.once("close", () => {
      if (this.#speaker === speaker) this.#speaker = undefined;
      for (const { otherwise } of given) otherwise();
      resolve();
    });
    this.#last = closed;
    return speaker;
  }

  /** What it was given it sends before it ends; for what comes now there is the next one. */
  #end(): void {
    clearTimeout(this.#idle);
    this.#speaker?.process.stdin?.end();
    this.#speaker = undefined;
  }
}
