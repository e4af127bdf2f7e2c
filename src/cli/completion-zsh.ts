/** Completion for zsh. */
import type { CommandNode, CommandOption } from "./command-tree.ts";

export const zshCompletion = (program: CommandNode): string => `\
#compdef ${program.name}
# zsh completion of ${program.name}. To use it: source <(${program.name} completion zsh)
_sails_supervisor_units() {
  local -a units=(all \${(f)"$(${program.name} __complete units 2>/dev/null)"})
  compadd -a units
}
_sails_supervisor() {
  local curcontext=$curcontext state line
  _arguments -C ${[...program.options.flatMap(specsOf), "'1: :->command'", "'*:: :->arguments'"].join(" ")}
  case $state in
    command)
      local -a commands=(${program.commands.map(describe).join(" ")})
      _describe command commands ;;
    arguments)
      case $line[1] in
${program.commands.map((command) => caseOf(program, command)).join("\n")}
      esac ;;
  esac
}
if [[ $funcstack[1] == _sails_supervisor ]]; then
  _sails_supervisor "$@"
else
  compdef _sails_supervisor ${program.name}
fi
`;

function caseOf(program: CommandNode, command: CommandNode): string {
  const options = [...program.options, ...command.options].flatMap(specsOf);
  return `        ${command.name}) _arguments ${[...options, ...argumentsOf(command)].join(" ")} ;;`;
}

function argumentsOf({ values, commands }: CommandNode): readonly string[] {
  if (values === "units") return ["'*:unit:_sails_supervisor_units'"];
  const words = [...commands.map(({ name }) => name), ...values];
  return words.length === 0 ? [] : [`'1:argument:(${words.join(" ")})'`];
}

const specsOf = ({ flags, description, takes }: CommandOption): readonly string[] =>
  flags.map((flag) => {
    const value = takes === "nothing" ? "" : takes === "a file" ? ":file:_files" : ":value: ";
    return quote(`${flag}[${description.replace(/[[\]\\:]/g, "\\$&")}]${value}`);
  });

const describe = ({ name, description }: CommandNode): string =>
  quote(`${name}:${description.replaceAll(":", "\\:")}`);

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
