/** What a shell may complete: commander's commands as plain data. */
import type { Argument, Command } from "commander";

/** Names that only the daemon knows. */
export const nameKinds = ["units", "pools", "runs", "jobs"] as const;

export type NameKind = (typeof nameKinds)[number];

export interface CommandNode {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CommandOption[];
  readonly commands: readonly CommandNode[];
  /** What its arguments may be. */
  readonly values: NameKind | readonly string[];
}

export interface CommandOption {
  /** `-f`, `--follow`. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takes: "nothing" | "a file" | "a value";
}

export const commandTree = (command: Command): CommandNode => ({
  name: command.name(),
  description: command.summary() || command.description(),
  options: command.options
    .filter((option) => !option.hidden)
    .map((option) => ({
      flags: [option.short, option.long].filter((flag) => flag !== undefined),
      description: option.description,
      takes: !option.required
        ? "nothing"
        : option.attributeName() === "config"
          ? "a file"
          : "a value",
    })),
  commands: command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== "help")
    .map(commandTree),
  values: valuesOf(command.registeredArguments),
});

function valuesOf(args: readonly Argument[]): CommandNode["values"] {
  const kind = nameKinds.find((one) => args.some((argument) => `${argument.name()}s` === one));
  return kind ?? args.flatMap(({ argChoices }) => argChoices ?? []);
}

/** Nobody cancels all flow runs by one word, or does all jobs. */
export const hasAll = (kind: NameKind): boolean => kind === "units" || kind === "pools";
