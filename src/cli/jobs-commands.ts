/** The commands about jobs. */
import type { Command } from "commander";
import { examples, json, type Run } from "./command-words.ts";
import type { Context } from "./context.ts";

export function addJobs(program: Command, context: Context, run: Run): void {
  const jobs = program
    .command("jobs")
    .summary("show what is done at set times, and do it now")
    .description(
      "Shows the jobs: when they are due, what came of them the last time, why, and how long it took. Ends with 4 if one has failed the last time.",
    )
    .option(...json)
    .addHelpText("after", examples("jobs", "jobs --json", "jobs run retention"))
    .action(async (_options, command: Command) => {
      const { showJobs } = await import("./jobs.ts");
      return run(showJobs(context, command.optsWithGlobals()));
    });
  jobs
    .command("run")
    .argument("<job>", "its name")
    .summary("do a job now")
    .description(
      "Does a job now, and waits for what comes of it. Its set times stay as they are. Ctrl-C ends the waiting, not the job.",
    )
    .option("--no-wait", "do not wait until it is done")
    .option(...json)
    .addHelpText("after", examples("jobs run retention", "jobs run backup --no-wait"))
    .action(async (name: string, _options, command: Command) => {
      const { runJob } = await import("./run-job.ts");
      return run(runJob(context, name, command.optsWithGlobals()));
    });
}
