/** What every launcher promises: the real one, and the scripted one that other tests rely on. */
import { expect, test } from "vitest";
import type { Child } from "../../src/supervision/ports.ts";

export type Behaviour = "exits-3" | "lives" | "deaf" | "missing";

export interface LauncherUnderTest extends AsyncDisposable {
  /** Resolves once it can be signalled and will behave like that. `exits-3` says `bye` before. */
  launch(behaviour: Behaviour): Promise<Child>;
}

export function launcherContract(name: string, open: () => LauncherUnderTest): void {
  test(`${name}: a child ends with its status and its last lines`, async () => {
    await using launcher = open();
    const child = await launcher.launch("exits-3");
    expect(child.pid).toBeGreaterThan(1);
    expect(await child.ended).toEqual({ exit: { kind: "exited", code: 3 }, lastLines: ["bye"] });
  });

  test(`${name}: a program that is missing is an exit, and has no pid`, async () => {
    await using launcher = open();
    const child = await launcher.launch("missing");
    expect(child.pid).toBeUndefined();
    const { exit, lastLines } = await child.ended;
    expect(exit).toMatchObject({ kind: "spawn-failed", code: "ENOENT" });
    expect(exit).toHaveProperty("message", expect.stringMatching(/: no such program$/));
    expect(lastLines).toEqual([]);
    child.signal("SIGTERM");
    child.kill();
  });

  test(`${name}: a signal ends a child that heeds it`, async () => {
    await using launcher = open();
    const child = await launcher.launch("lives");
    child.signal("SIGTERM");
    expect((await child.ended).exit).toEqual({ kind: "signaled", signal: "SIGTERM" });
  });

  test(`${name}: one that is deaf is killed`, async () => {
    await using launcher = open();
    const child = await launcher.launch("deaf");
    child.signal("SIGTERM");
    child.kill();
    expect((await child.ended).exit).toEqual({ kind: "signaled", signal: "SIGKILL" });
  });

  test(`${name}: after the end, signals are in vain`, async () => {
    await using launcher = open();
    const child = await launcher.launch("exits-3");
    const ended = await child.ended;
    child.signal("SIGKILL");
    child.kill();
    expect(await child.ended).toBe(ended);
  });

  test(`${name}: two children of one unit are two`, async () => {
    await using launcher = open();
    const first = await launcher.launch("lives");
    const second = await launcher.launch("lives");
    expect(first.pid).not.toBe(second.pid);
    first.kill();
    await first.ended;
    second.signal("SIGINT");
    expect((await second.ended).exit).toEqual({ kind: "signaled", signal: "SIGINT" });
  });
}
