/** Completion for zsh. */
import {
  type CommandNode,
  type CommandOption,
  hasAll,
  type NameKind,
  nameKinds,
} from "./command-tree.ts";

export const zshCompletion = (program: CommandNode): string => `\
#compdef ${program.name}
# zsh completion of ${program.name}. To use it: source <(${program.name} completion zsh)
${nameKinds.map((kind) => namesFunction(program.name, kind)).join("\n")}
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

const namesFunction = (program: string, kind: NameKind): string => `\
_sails_supervisor_${kind}() {
  local -a names=(${hasAll(kind) ? "all " : ""}\${(f)"$(${program} __complete ${kind} 2>/dev/null)"})
  compadd -a names
}`;

function caseOf(program: CommandNode, command: CommandNode): string {
  const options = [...program.options, ...command.options].flatMap(specsOf);
  return `        ${command.name}) _arguments ${[...options, ...argumentsOf(command)].join(" ")} ;;`;
}

function argumentsOf({ values, commands }: CommandNode): readonly string[] {
  if (typeof values === "string") return [namesOf(values)];
  const words = [...commands.map(({ name }) => name), ...values];
  if (words.length === 0) return [];
  const behind = commands.flatMap((one) => (typeof one.values === "string" ? one.values : []));
  return [`'1:argument:(${words.join(" ")})'`, ...behind.map(namesOf)];
}

const namesOf = (kind: NameKind): string => `'*:${kind.slice(0, -1)}:_sails_supervisor_${kind}'`;

const specsOf = ({ flags, description, takes }: CommandOption): readonly string[] =>
  flags.map((flag) => {
    const value = takes === "nothing" ? "" : takes === "a file" ? ":file:_files" : ":value: ";
    return quote(`${flag}[${description.replace(/[[\]\\:]/g, "\\$&")}]${value}`);
  });

const describe = ({ name, description }: CommandNode): string =>
  quote(`${name}:${description.replaceAll(":", "\\:")}`);

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
