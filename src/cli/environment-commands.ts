/** The commands about the Python environment. */
import type { Command } from "commander";
import { examples, json, type Run } from "./command-words.ts";
import type { Context } from "./context.ts";

export function addEnvironment(program: Command, context: Context, run: Run): void {
  const environment = program
    .command("env")
    .summary("show Python environments, build the declared one, go back")
    .description(
      "Shows the Python environments: which is current, what the project declares, and which older ones still have flow runs.",
    )
    .option(...json)
    .addHelpText("after", examples("env", "env --json", "env sync", "env rollback"))
    .action(async (_options, command: Command) => {
      const { showEnvironments } = await import("./env.ts");
      return run(showEnvironments(context, command.optsWithGlobals()));
    });
  environment
    .command("sync")
    .summary("build what the lock says, and switch to it")
    .description(
      "Looks at the project's lock now, builds what differs and switches to it, also after a rollback. The daemon does so by itself, too: at its start, on reload, and every five minutes.",
    )
    .option("--no-wait", "do not wait until it is done")
    .option(...json)
    .addHelpText("after", examples("env sync"))
    .action(async (_options, command: Command) => {
      const { syncEnvironment } = await import("./env-sync.ts");
      return run(syncEnvironment(context, command.optsWithGlobals()));
    });
  environment
    .command("rollback")
    .summary("go back to the environment of before")
    .description(
      "Goes back, at once, to the environment of before. It stays so until the lock changes, or until `env sync`. Flow runs keep the one that they run in.",
    )
    .option(...json)
    .addHelpText("after", examples("env rollback"))
    .action(async (_options, command: Command) => {
      const { rollBackEnvironment } = await import("./env-rollback.ts");
      return run(rollBackEnvironment(context, command.optsWithGlobals()));
    });
}
