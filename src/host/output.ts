/** Where the output of a unit's children goes: never into a pipe of which we hold the only other end. */
import type { Exit } from "../supervision/exit.ts";

export interface Output {
  /** For one spawn; its owner disposes of it right after. Throws if there is no descriptor left. */
  open(): OpenedOutput;
  /** For a child that another daemon has started: what it says from now on is its own. */
  follow(): void;
  /** What the newest child said last, oldest first. Never rejects. */
  lastLines(exit: Exit): readonly string[] | Promise<readonly string[]>;
}

export interface OpenedOutput extends Disposable {
  /** As `stdio` of `spawn` takes it. */
  readonly stdio: number | "ignore";
  /** What the child is to know of it. */
  readonly env?: Readonly<Record<string, string>>;
}
