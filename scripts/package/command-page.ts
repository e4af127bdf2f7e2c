/** sails-supervisor(8), out of the tree of commands that the program itself goes by. */
import type { Command } from "commander";
import { programToRead } from "./program.ts";
import * as roff from "./roff.ts";

export function commandPage(of: roff.PageOf): string {
  const program = programToRead();
  return `${[
    roff.title(program.name(), 8, of),
    roff.section(
      "NAME",
      `${program.name().replace("-", "\\-")} \\- runs a self\\-hosted Prefect installation`,
    ),
    roff.section("SYNOPSIS", `.B ${roff.plain(program.name())}`, roff.plain(program.usage())),
    roff.section("DESCRIPTION", roff.plain(program.description())),
    roff.section("OPTIONS", ...optionsOf(program)),
    roff.section("COMMANDS", ...commandsOf(program).map(describe)),
    roff.section("NOTES", roff.example(wordsAfter(program))),
    roff.section("FILES", ...files.map(([path, what]) => roff.term(path, what))),
    roff.section("SEE ALSO", roff.plain(seeAlso)),
  ].join("\n")}\n`;
}

const files = [
  ["/etc/sails-supervisor/config.yaml", "The configuration: sails-supervisor.yaml(5)."],
  [
    "/var/lib/sails-supervisor",
    "State, logs and, unless prefect.home says otherwise, Prefect's database and the backups.",
  ],
  ["/run/sails-supervisor/control.sock", "By which the commands reach the daemon."],
  ["/usr/share/doc/sails-supervisor/docs", "The documents; install.md is the first."],
] as const;

const seeAlso = "sails-supervisor.yaml(5), systemctl(1), journalctl(1), https://docs.prefect.io";

/** Those that help shows, each followed by its own. */
const commandsOf = (parent: Command): readonly Command[] =>
  parent
    .createHelp()
    .visibleCommands(parent)
    .filter((command) => command.name() !== "help")
    .flatMap((command) => [command, ...commandsOf(command)]);

function describe(command: Command): string {
  const examples = /\nExamples:\n(.*)$/s.exec(wordsAfter(command))?.[1];
  return roff.subsection(
    pathOf(command),
    `.B ${roff.plain(pathOf(command))}`,
    roff.plain(command.usage()),
    roff.paragraph(command.description()),
    ...argumentsOf(command),
    ...optionsOf(command),
    ...(examples === undefined ? [] : [roff.example(examples.trimEnd())]),
  );
}

const argumentsOf = (command: Command): readonly string[] =>
  command.registeredArguments
    .filter(({ description }) => description !== "")
    .map((argument) => roff.term(argument.name(), argument.description));

const optionsOf = (command: Command): readonly string[] => {
  const help = command.createHelp();
  return help
    .visibleOptions(command)
    .map((option) => roff.term(help.optionTerm(option), help.optionDescription(option)));
};

const pathOf = (command: Command): string =>
  command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();

/** What its help says at the end, which commander gives to nobody but the printer. */
function wordsAfter(command: Command): string {
  let printed = "";
  const printing = command.configureOutput();
  command.configureOutput({ ...printing, writeOut: (text) => void (printed += text) });
  command.outputHelp();
  command.configureOutput(printing);
  return printed.slice(command.helpInformation().length);
}
