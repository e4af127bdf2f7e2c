/** The commands about flow runs, pools, and the daemon's own code. */
import type { Command } from "commander";
import { minutes } from "../supervision/time.ts";
import { examples, json, type Run } from "./command-words.ts";
import type { Context } from "./context.ts";
import { parseTimeout } from "./option-values.ts";

export function addRuns(program: Command, context: Context, run: Run): void {
  const runs = program
    .command("runs")
    .summary("show flow runs, cancel one, settle dead ones")
    .description("Shows the flow runs that have a process on this host.")
    .option(...json)
    .addHelpText("after", examples("runs", "runs --json", "runs cancel calm-otter", "runs recover"))
    .action(async (_options, command: Command) => {
      const { showRuns } = await import("./runs.ts");
      return run(showRuns(context, command.optsWithGlobals()));
    });
  runs
    .command("cancel")
    .argument("<run>", "its name, its id, or the beginning of its id")
    .summary("cancel a flow run")
    .description("Asks Prefect to cancel a flow run. Its process gets 30 s to end.")
    .option(...json)
    .addHelpText("after", examples("runs cancel calm-otter", "runs cancel 0198c2a4"))
    .action(async (name: string, _options, command: Command) => {
      const { cancelRun } = await import("./cancel-run.ts");
      return run(cancelRun(context, name, command.optsWithGlobals()));
    });
  runs
    .command("recover")
    .summary("settle flow runs that have no process any more")
    .description(
      "Settles, now, the flow runs that Prefect counts as live and that have no process any more. The daemon does so by itself, too.",
    )
    .option(...json)
    .addHelpText("after", examples("runs recover"))
    .action(async (_options, command: Command) => {
      const { recoverRuns } = await import("./recover-runs.ts");
      return run(recoverRuns(context, command.optsWithGlobals()));
    });
}

export function addPools(program: Command, context: Context, run: Run): void {
  program
    .command("drain")
    .argument("<pool...>", "names, patterns, or all")
    .summary("close pools and wait for their flow runs")
    .description(
      "Closes pools for new flow runs and waits for those that run. A pool stays closed until it is resumed. Ctrl-C ends the waiting, not the drain.",
    )
    .option("--no-wait", "do not wait until it is done")
    .option(
      "--timeout <TIME>",
      "how long to wait: 30m, 12h; else the pool's own limit",
      parseTimeout,
    )
    .option(...json)
    .addHelpText("after", examples("drain vm-runs", "drain 'vm-*' --timeout 12h", "drain all"))
    .action(async (pools: string[], _options, command: Command) => {
      const { drainPools } = await import("./drain.ts");
      return run(drainPools(context, pools, command.optsWithGlobals()));
    });
  program
    .command("resume")
    .argument("<pool...>", "names, patterns, or all")
    .summary("open drained pools again")
    .description(
      "Ends the drain of pools: they take new flow runs again, unless something else keeps them closed.",
    )
    .option(...json)
    .addHelpText("after", examples("resume vm-runs", "resume all"))
    .action(async (pools: string[], _options, command: Command) => {
      const { resumePools } = await import("./resume.ts");
      return run(resumePools(context, pools, command.optsWithGlobals()));
    });
}

export function addReexec(program: Command, context: Context, run: Run): void {
  program
    .command("reexec")
    .summary("let the daemon replace its own code")
    .description(
      "Lets the daemon replace its own code in place, after an upgrade. Its process stays the same, and so do those of all units and flow runs.",
    )
    .option("--timeout <TIME>", "how long to wait: 30s, 5m", parseTimeout, minutes(1))
    .option(...json)
    .addHelpText("after", examples("reexec"))
    .action(async (_options, command: Command) => {
      const { reexec } = await import("./reexec.ts");
      return run(reexec(context, command.optsWithGlobals()));
    });
}
