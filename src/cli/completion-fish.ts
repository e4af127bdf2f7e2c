/** Completion for fish. */
import { type CommandNode, hasAll } from "./command-tree.ts";

export function fishCompletion(program: CommandNode): string {
  const { name } = program;
  const names = program.commands.map((command) => command.name).join(" ");
  const nothingYet = `not __fish_seen_subcommand_from ${names}`;
  return [
    `# fish completion of ${name}. To use it: ${name} completion fish | source`,
    `complete -c ${name} -f`,
    ...optionLines(program, program, undefined),
    ...program.commands.flatMap((command) => [
      `complete -c ${name} -n '${nothingYet}' -a ${command.name} -d ${quote(command.description)}`,
      ...[command, ...command.commands].flatMap((one) => valueLines(name, one)),
      ...optionLines(program, command, `__fish_seen_subcommand_from ${command.name}`),
    ]),
    "",
  ].join("\n");
}

function valueLines(name: string, command: CommandNode): readonly string[] {
  const { values, commands } = command;
  const seen = `__fish_seen_subcommand_from ${command.name}`;
  if (typeof values === "string") {
    const all = hasAll(values) ? " all" : "";
    return [
      `complete -c ${name} -n '${seen}' -a '(${name} __complete ${values} 2>/dev/null)${all}'`,
    ];
  }
  return [...commands, ...values.map((value) => ({ name: value, description: "" }))].map((one) => {
    const described = one.description === "" ? "" : ` -d ${quote(one.description)}`;
    return `complete -c ${name} -n '${seen}' -a ${one.name}${described}`;
  });
}

function optionLines(
  program: CommandNode,
  { options }: CommandNode,
  when: string | undefined,
): readonly string[] {
  return options.map(({ flags, description, takes }) => {
    const names = flags.map((flag) =>
      flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`,
    );
    const condition = when === undefined ? [] : [`-n '${when}'`];
    // -F: files, which the first line turned off; -r: it takes a value.
    const value = { nothing: [], "a file": ["-r -F"], "a value": ["-x"] }[takes];
    return [
      `complete -c ${program.name}`,
      ...condition,
      ...names,
      ...value,
      `-d ${quote(description)}`,
    ].join(" ");
  });
}

const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
