/** All commands with their options and words of help. What a command does is loaded when it is chosen. */
import { Argument, Command } from "commander";
import { minutes } from "../supervision/time.ts";
import { addBackup } from "./backup-commands.ts";
import { type NameKind, nameKinds } from "./command-tree.ts";
import { examples, json, type Run } from "./command-words.ts";
import type { Context } from "./context.ts";
import { addEnvironment } from "./environment-commands.ts";
import { addJobs } from "./jobs-commands.ts";
import { addNotify } from "./notify-commands.ts";
import { parseCount, parseLevel, parseLogMoment, parseTimeout } from "./option-values.ts";
import { addPools, addReexec, addRuns } from "./run-commands.ts";
import { version } from "./version.ts";

/** @param finish told of the exit status of the command that was chosen */
export function buildProgram(context: Context, finish: (status: number) => void): Command {
  const run: Run = async (status) => finish(await status);
  const program = new Command("sails-supervisor")
    .description("Runs a self-hosted Prefect installation: server, workers, pools and deployments.")
    .version(version, "-V, --version", "print the version")
    .option("--config <FILE>", "the configuration; also SAILS_CONFIG")
    .configureHelp({ showGlobalOptions: true, helpWidth: Math.min(context.out.columns(), 100) })
    .configureOutput({
      writeOut: (text) => void context.out.write(text),
      writeErr: (text) => void context.err.write(text),
    })
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .exitOverride()
    .addHelpText("after", exitStatuses);
  addDaemon(program, context, run);
  addInit(program, context, run);
  addStatus(program, context, run);
  addLogs(program, context, run);
  addOrders(program, context, run);
  addPools(program, context, run);
  addRuns(program, context, run);
  addEnvironment(program, context, run);
  addBackup(program, context, run);
  addJobs(program, context, run);
  addDeclared(program, context, run);
  addDoctor(program, context, run);
  addNotify(program, context, run);
  addReload(program, context, run);
  addReexec(program, context, run);
  addConfig(program, context, run);
  addCompletion(program, context, run);
  addVersion(program, context, run);
  return program;
}

const exitStatuses = `
Exit status:
  0 done, 1 failed, 2 wrong usage, 3 the daemon cannot be reached,
  4 it is not as asked

Units are server, worker@POOL and service@NAME, pools go by their names. all
names all of them, and quoted patterns several: 'worker@*'.`;

interface Global {
  readonly config?: string;
}

function addDaemon(program: Command, context: Context, run: Run): void {
  program
    .command("run")
    .summary("run the daemon")
    .description("Runs the daemon in the foreground. It is what the systemd unit starts.")
    .option("--check", "only see whether it would start")
    .addHelpText("after", examples("run", "run --config ./config.yaml"))
    .action((_options, command: Command) => {
      const { config, check } = command.optsWithGlobals<Global & { readonly check?: true }>();
      const trial = check === undefined ? {} : { isTrial: check };
      return run(context.runDaemon({ configFile: config, ...trial }));
    });
  program
    .command("sweep", { hidden: true })
    .description("Ends what a daemon left that died while it was being stopped: for ExecStopPost=.")
    .action(() => run(context.sweep()));
  program
    .command("database-work", { hidden: true })
    .description("Works on files of databases, for the daemon or another command.")
    .action(() => run(context.databaseWork()));
  program
    .command("doctor-work", { hidden: true })
    .description("Examines the installation, for another process.")
    .action((_options, command: Command) =>
      run(context.doctorWork(command.optsWithGlobals<Global>().config)),
    );
}

function addDoctor(program: Command, context: Context, run: Run): void {
  program
    .command("doctor")
    .summary("examine the installation")
    .description(
      "Examines the installation in at most five seconds, with or without a daemon, and changes nothing. Each finding says why it matters and what cures it. Ends with 4 if something is found.",
    )
    .option(...json)
    .addHelpText("after", examples("doctor", "doctor --json"))
    .action(async (_options, command: Command) => {
      const { examine } = await import("./doctor.ts");
      return run(examine(context, command.optsWithGlobals()));
    });
}

function addInit(program: Command, context: Context, run: Run): void {
  program
    .command("init")
    .summary("write a configuration from what is there")
    .description(
      "Writes a configuration from a project (prefect.yaml, prefect.env, pyproject.toml) and from what runs of Prefect by hand, with its pools and limits. It changes nothing else.",
    )
    .option("--project <DIR>", "the folder of the project; otherwise the one you are in")
    .option("--print", "print it instead")
    .option("--force", "replace a configuration that is there")
    .option(...json)
    .addHelpText(
      "after",
      examples("init --project ~/project --print", "init --config ./config.yaml"),
    )
    .action(async (_options, command: Command) => {
      const { init } = await import("./init.ts");
      return run(init(context, command.optsWithGlobals()));
    });
}

function addStatus(program: Command, context: Context, run: Run): void {
  program
    .command("status")
    .argument("[unit...]", "these units only")
    .summary("show units, pools and problems")
    .description("Shows the state of units and pools, why it is so, and what comes next.")
    .option("-w, --watch", "go on showing it, until Ctrl-C")
    .option(...json)
    .addHelpText("after", examples("status", "status --watch 'worker@*'", "status --json"))
    .action(async (units: string[], _options, command: Command) => {
      const { showStatus } = await import("./status.ts");
      return run(showStatus(context, units, command.optsWithGlobals()));
    });
}

function addLogs(program: Command, context: Context, run: Run): void {
  program
    .command("logs")
    .argument("[unit...]", "these units only")
    .summary("show the output of units")
    .description(
      "Shows the output of units, or of one flow run, from the journal or from files. It needs no daemon.",
    )
    .option("-f, --follow", "go on with what comes, until Ctrl-C")
    .option("-n, --lines <N>", "the last N lines; of each unit, in files", parseCount)
    .option("--run <RUN>", "of this flow run: its name, its id, or the beginning of its id")
    .option("-p, --level <LEVEL>", "of this level and worse: error, warning, info", parseLevel)
    .option("--since <TIME>", "from then on: 10m, 14:30, 2026-11-25 14:30, today", parseLogMoment)
    .option("--until <TIME>", "up to then", parseLogMoment)
    .option(...json)
    .addHelpText(
      "after",
      examples(
        "logs worker@vm-runs",
        "logs -f 'worker@*' server",
        "logs --run calm-otter",
        "logs -p warning --since 2h",
      ),
    )
    .action(async (units: string[], _options, command: Command) => {
      const { showLogs } = await import("./logs.ts");
      return run(showLogs(context, units, command.optsWithGlobals()));
    });
}

function addOrders(program: Command, context: Context, run: Run): void {
  const orders = [
    ["start", "start units", "Starts units, also after a restart of the daemon."],
    ["stop", "stop units", "Stops units. They stay so, also after a restart of the daemon."],
    ["restart", "restart units", "Stops units and starts them again."],
  ] as const;
  for (const [verb, summary, description] of orders) {
    program
      .command(verb)
      .argument("<unit...>", "names, patterns, or all")
      .summary(summary)
      .description(description)
      .option("--no-wait", "do not wait until it is done")
      .option("--timeout <TIME>", "how long to wait: 30s, 5m", parseTimeout, minutes(5))
      .option(...json)
      .addHelpText("after", examples(`${verb} worker@vm-runs`, `${verb} 'worker@*'`, `${verb} all`))
      .action(async (units: string[], _options, command: Command) => {
        const { orderUnits } = await import("./order.ts");
        return run(orderUnits(context, verb, units, command.optsWithGlobals()));
      });
  }
}

function addDeclared(program: Command, context: Context, run: Run): void {
  program
    .command("plan")
    .summary("show what differs from what is declared")
    .description(
      "Shows what differs between what is declared and what is in Prefect, and what is left alone. Writes nothing. Ends with 4 if something differs.",
    )
    .option(...json)
    .addHelpText("after", examples("plan", "plan --json"))
    .action(async (_options, command: Command) => {
      const { showPlan } = await import("./plan.ts");
      return run(showPlan(context, command.optsWithGlobals()));
    });
  program
    .command("apply")
    .summary("make what is declared so, now")
    .description(
      "Brings Prefect to what is declared, now, step by step. What somebody changed in Prefect is put back, too, where the daemon by itself only reports it.",
    )
    .option(...json)
    .addHelpText("after", examples("apply", "plan; sails-supervisor apply"))
    .action(async (_options, command: Command) => {
      const { applyDeclared } = await import("./apply.ts");
      return run(applyDeclared(context, command.optsWithGlobals()));
    });
}

function addReload(program: Command, context: Context, run: Run): void {
  program
    .command("reload")
    .summary("read the configuration again")
    .description("Lets the daemon read its configuration again. It restarts only what has changed.")
    .option(...json)
    .addHelpText("after", examples("config check && sails-supervisor reload"))
    .action(async (_options, command: Command) => {
      const { reload } = await import("./reload.ts");
      return run(reload(context, command.optsWithGlobals()));
    });
}

function addConfig(program: Command, context: Context, run: Run): void {
  const config = program
    .command("config")
    .summary("check and explain the configuration")
    .description("Checks and explains the configuration, without a daemon.");
  const kinds = [
    ["check", "name every fault with its place"],
    ["show", "show the values in force, and where each comes from"],
    ["reference", "explain all keys"],
    ["schema", "print the JSON Schema, for editors"],
  ] as const;
  for (const [name, description] of kinds) {
    config
      .command(name)
      .description(description)
      .option(...json)
      .addHelpText("after", examples(`config ${name}`))
      .action(async (_options, command: Command) => {
        const { configCommands } = await import("./config.ts");
        const options = command.optsWithGlobals<Global & { readonly json?: boolean }>();
        const { env, home, uid, cwd, out } = context;
        const write = (text: string): void => void out.write(text);
        const output = { json: options.json ?? false, write };
        const status = configCommands[name]({ file: options.config, env, home, uid, cwd }, output);
        return run(status);
      });
  }
}

function addCompletion(program: Command, context: Context, run: Run): void {
  program
    .command("completion")
    .addArgument(new Argument("<shell>").choices(["bash", "zsh", "fish"]))
    .summary("print a completion script")
    .description("Prints the script by which a shell completes commands, options and names.")
    .addHelpText("after", '\nExamples:\n  $ eval "$(sails-supervisor completion bash)"')
    .action(async (shell: "bash" | "zsh" | "fish") => {
      const { printCompletion } = await import("./completion.ts");
      return run(printCompletion(context, program, shell));
    });
  program
    .command("__complete", { hidden: true })
    .addArgument(new Argument("<what>").choices(nameKinds))
    .action(async (what: NameKind, _options, command: Command) => {
      const { printNames } = await import("./completion.ts");
      return run(printNames(context, what, command.optsWithGlobals()));
    });
}

function addVersion(program: Command, context: Context, run: Run): void {
  program
    .command("version")
    .summary("print the versions")
    .description("Prints the version, that of Node, and the revision.")
    .option(...json)
    .action(async (_options, command: Command) => {
      const { showVersion } = await import("./version.ts");
      return run(showVersion(context, command.optsWithGlobals()));
    });
}
