/** One child's output in the journal, or, where journald does not answer, in the file that it had else. */
import type { Exit } from "../supervision/exit.ts";
import { errnoOf, messageOf } from "./errno.ts";
import { openJournalStream } from "./journal-stream.ts";
import { lastWords } from "./last-words.ts";
import type { OpenedOutput, Output } from "./output.ts";

export interface JournalOutputDeps {
  /** The socket of journald's. */
  readonly socket: string;
  readonly identifier: string;
  readonly file: () => Output;
  /** What went wrong, as a sentence. */
  readonly report: (trouble: string) => void;
}

export class JournalOutput implements Output {
  readonly #deps: JournalOutputDeps;
  #began = new Date();
  #instead: Output | undefined;

  constructor(deps: JournalOutputDeps) {
    this.#deps = deps;
  }

  open(): OpenedOutput {
    const { socket, identifier, file, report } = this.#deps;
    this.#began = new Date();
    this.#instead = undefined;
    try {
      const stream = openJournalStream(socket, identifier);
      return {
        stdio: stream.fd,
        env: { JOURNAL_STREAM: stream.id },
        [Symbol.dispose]: () => stream[Symbol.dispose](),
      };
    } catch (error) {
      const code = errnoOf(error);
      if (code === "EMFILE" || code === "ENFILE") throw error;
      report(
        `journald does not take the output of ${identifier}: ${messageOf(error)}. It goes to a file until the next start`,
      );
      this.#instead = file();
      return this.#instead.open();
    }
  }

  get isInJournal(): boolean {
    return this.#instead === undefined;
  }

  follow(): void {
    this.#began = new Date();
  }

  /** Nobody has last words who is killed: then a restart need not wait for the journal. */
  lastLines(exit: Exit): readonly string[] | Promise<readonly string[]> {
    if (this.#instead !== undefined) return this.#instead.lastLines(exit);
    if (exit.kind === "signaled" && exit.signal === "SIGKILL") return [];
    return lastWords(this.#deps.identifier, this.#began);
  }
}
