/** Tells which files have changed, by their folders: a file may come, go, and be put in another's place. */
import { type FSWatcher, watch } from "node:fs";
import { basename, dirname, join } from "node:path";

export class LogWatch implements Disposable {
  readonly #watchers: readonly FSWatcher[];
  #changed = new Set<string>();
  #wake: (() => void) | undefined;

  constructor(paths: readonly string[], signal: AbortSignal) {
    const folders = Map.groupBy(paths, dirname);
    this.#watchers = [...folders].map(([folder, inIt]) => {
      const names = new Set(inIt.map((path) => basename(path)));
      return watch(folder, (_, name) => {
        // Without a name, any of them may have changed.
        for (const one of name === null ? names : names.has(name) ? [name] : [])
          this.#changed.add(join(folder, one));
        if (this.#changed.size > 0) this.#wake?.();
      });
    });
    signal.addEventListener("abort", () => this.#wake?.());
  }

  /** The paths that have changed since the last call; waits for one. */
  async next(signal: AbortSignal): Promise<ReadonlySet<string>> {
    if (this.#changed.size === 0 && !signal.aborted) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  [Symbol.dispose](): void {
    for (const watcher of this.#watchers) watcher.close();
  }
}
