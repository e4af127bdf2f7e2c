/** A real cgroup below our own, for a test; what is left in it is killed with it. */
import { mkdirSync, readdirSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { findOwnCgroup } from "../../src/host/cgroup-tree.ts";
import { UnitCgroup } from "../../src/host/unit-cgroup.ts";

export class TemporaryCgroup implements AsyncDisposable {
  readonly path: string;

  constructor(ctx: TestContext) {
    const own = findOwnCgroup();
    this.path = join(own ?? "/proc/nowhere", `sails-test-${process.pid}-${performance.now()}`);
    try {
      mkdirSync(this.path);
    } catch {
      ctx.skip("no writable cgroup v2 tree on this machine");
    }
  }

  unit(name: string): UnitCgroup {
    return new UnitCgroup(join(this.path, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const units = readdirSync(this.path, { withFileTypes: true }).filter((e) => e.isDirectory());
    await Promise.all(units.map(({ name }) => removed(this.unit(name))));
    rmdirSync(this.path);
  }
}

async function removed(cgroup: UnitCgroup): Promise<void> {
  cgroup.kill();
  await cgroup.emptied(AbortSignal.timeout(10_000));
  cgroup.remove();
}
