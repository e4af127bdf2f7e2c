/** The commands about who is told. */
import type { Command } from "commander";
import { examples, json, type Run } from "./command-words.ts";
import type { Context } from "./context.ts";

export function addNotify(program: Command, context: Context, run: Run): void {
  program
    .command("notify")
    .summary("try whether messages arrive")
    .description("Tries whether those are reached whom notify: of the configuration names.")
    .command("test")
    .argument("[target]", "the name of one of them; all, without it")
    .summary("send a message, and say what came of it")
    .description(
      "Sends one message to a target of notify:, or to each of them, and says what came of it. Ends with 4 if one does not arrive.",
    )
    .option(...json)
    .addHelpText("after", examples("notify test", "notify test mail"))
    .action(async (target: string | undefined, _options, command: Command) => {
      const { testNotify } = await import("./notify-test.ts");
      return run(testNotify(context, target, command.optsWithGlobals()));
    });
}
