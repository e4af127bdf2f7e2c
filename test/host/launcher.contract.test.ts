import type { ProcessSpec } from "../../src/supervision/ports.ts";
import { ScriptedLauncher } from "../support/scripted-launcher.ts";
import { type Behaviour, type LauncherUnderTest, launcherContract } from "./launcher.contract.ts";
import { fixture, RealLauncher } from "./real-launcher.ts";

launcherContract("real", () => {
  const launcher = new RealLauncher();
  const commands: Record<Behaviour, ProcessSpec["command"]> = {
    "exits-3": ["/bin/sh", "-c", "echo bye; exit 3"],
    lives: [fixture("lives.sh")],
    deaf: [fixture("deaf.sh")],
    missing: ["/proc/nowhere/program"],
  };
  let count = 0;
  return {
    async launch(behaviour) {
      const unit = `unit:${(count += 1)}`;
      const child = launcher.launch(commands[behaviour], {}, unit);
      if (behaviour === "lives" || behaviour === "deaf") await launcher.said(/^ready$/m, unit);
      return child;
    },
    [Symbol.asyncDispose]: () => launcher[Symbol.asyncDispose](),
  } satisfies LauncherUnderTest;
});

launcherContract("scripted", () => {
  const launcher = new ScriptedLauncher();
  const process: ProcessSpec = {
    command: ["/proc/nowhere/program"],
    env: {},
    directory: "/",
    killMode: "control-group",
  };
  launcher.deaf.add("deaf");
  launcher.missing.add("missing");
  return {
    launch(behaviour) {
      const child = launcher.launch(behaviour, process);
      if (behaviour === "exits-3") child.end({ kind: "exited", code: 3 }, ["bye"]);
      return Promise.resolve(child);
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } satisfies LauncherUnderTest;
});
