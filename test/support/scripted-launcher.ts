import type { Exit } from "../../src/supervision/exit.ts";
import type { Child, Ended, Launcher, ProcessSpec } from "../../src/supervision/ports.ts";

export interface ScriptedChild extends Child {
  readonly unit: string;
  readonly process: ProcessSpec;
  readonly signals: readonly (NodeJS.Signals | "kill")[];
  readonly isAlive: boolean;
  end(exit: Exit, lastLines?: readonly string[]): void;
}

/** Children that live until they are signalled or the test ends them. `deaf` ones heed SIGKILL only. */
export class ScriptedLauncher implements Launcher {
  readonly children: ScriptedChild[] = [];
  readonly deaf = new Set<string>();
  readonly missing = new Set<string>();

  of(unit: string): readonly ScriptedChild[] {
    return this.children.filter((child) => child.unit === unit);
  }

  living(unit: string): readonly ScriptedChild[] {
    return this.of(unit).filter((child) => child.isAlive);
  }

  launch(unit: string, process: ProcessSpec): ScriptedChild {
    const isDeaf = this.deaf.has(unit);
    const signals: (NodeJS.Signals | "kill")[] = [];
    const { promise: ended, resolve } = Promise.withResolvers<Ended>();
    let isAlive = true;
    const end = (exit: Exit, lastLines: readonly string[] = []): void => {
      isAlive = false;
      resolve({ exit, lastLines });
    };
    const child: ScriptedChild = {
      unit,
      process,
      pid: this.missing.has(unit) ? undefined : 1000 + this.children.length,
      ended,
      signals,
      end,
      get isAlive() {
        return isAlive;
      },
      signal(signal) {
        signals.push(signal);
        if (signal === "SIGKILL" || !isDeaf) end({ kind: "signaled", signal });
      },
      kill() {
        signals.push("kill");
        end({ kind: "signaled", signal: "SIGKILL" });
      },
    };
    if (child.pid === undefined) {
      const message = `${process.command[0]}: no such program`;
      end({ kind: "spawn-failed", code: "ENOENT", message });
    }
    this.children.push(child);
    return child;
  }
}
