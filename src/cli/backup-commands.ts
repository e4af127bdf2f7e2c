/** The commands about backups of the database. */
import type { Command } from "commander";
import { examples, json, type Run } from "./command-words.ts";
import type { Context } from "./context.ts";

export function addBackup(program: Command, context: Context, run: Run): void {
  const backup = program
    .command("backup")
    .summary("back up the database, list, verify and restore backups")
    .description(
      "Backs up the database now, and further ones that the configuration names, while all runs on. The daemon does it where one runs.",
    )
    .option(...json)
    .addHelpText(
      "after",
      examples("backup", "backup list", "backup restore prefect-2026-11-25T03-17-00Z.db"),
    )
    .action(async (_options, command: Command) => {
      const { backUp } = await import("./backup.ts");
      return run(backUp(context, command.optsWithGlobals()));
    });
  backup
    .command("list")
    .summary("list the backups")
    .description("Lists the backups that are kept, the newest first.")
    .option(...json)
    .addHelpText("after", examples("backup list", "backup list --json"))
    .action(async (_options, command: Command) => {
      const { listBackups } = await import("./backup-list.ts");
      return run(listBackups(context, command.optsWithGlobals()));
    });
  backup
    .command("verify")
    .argument("<file>", "its name in the folder of backups, or its path")
    .summary("check a backup")
    .description(
      "Reads the whole of a backup, and says whether it is intact and of use to the Prefect that is installed.",
    )
    .option(...json)
    .addHelpText("after", examples("backup verify prefect-2026-11-25T03-17-00Z.db"))
    .action(async (file: string, _options, command: Command) => {
      const { verifyBackup } = await import("./backup-verify.ts");
      return run(verifyBackup(context, file, command.optsWithGlobals()));
    });
  backup
    .command("restore")
    .argument("<file>", "its name in the folder of backups, or its path")
    .summary("put a backup in the place of the database")
    .description(
      "Checks a backup, stops workers and server, puts it in the place of the database, and starts them again. The former database stays beside it.",
    )
    .option("-y, --yes", "do not ask")
    .option("--force", "also while flow runs are under way, some of which it may cost")
    .option(...json)
    .addHelpText("after", examples("backup restore prefect-2026-11-25T03-17-00Z.db --yes"))
    .action(async (file: string, _options, command: Command) => {
      const { restoreBackup } = await import("./backup-restore.ts");
      return run(restoreBackup(context, file, command.optsWithGlobals()));
    });
}
