/** Completion for bash. */
import { type CommandNode, hasAll, type NameKind } from "./command-tree.ts";

export const bashCompletion = (program: CommandNode): string => `\
# bash completion of ${program.name}. To use it: eval "$(${program.name} completion bash)"
_sails_supervisor() {
  # COMP_WORDS is cut at @ and :, which units have in their names; the line is not.
  local line=\${COMP_LINE:0:COMP_POINT} word= before command= i
  local -a words
  read -ra words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  word=\${words[-1]}
  before=\${words[-2]}
  local -a config=()
  for ((i = 1; i < \${#words[@]} - 1; i++)); do
    case \${words[i]} in
      --config) config=(--config "\${words[i + 1]}"); ((i++)) ;;
      -*) ;;
      *) command+=\${command:+ }\${words[i]} ;;
    esac
  done

  if [[ $before == --config ]]; then
    # Expanded by readline, as it does for every file.
    compopt -o default 2>/dev/null || true
    COMPREPLY=()
    return
  fi
  local choices=
  case "$command/$word" in
${casesOf(program).join("\n")}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$choices" -- "$word")
  # Readline replaces only what it takes for the word: what comes after a break, or from an @ on.
  local kept=\${word%"$2"}
  COMPREPLY=("\${COMPREPLY[@]#"$kept"}")
}
complete -F _sails_supervisor ${program.name}
`;

function casesOf(program: CommandNode): readonly string[] {
  const globals = program.options;
  return [program, ...program.commands.flatMap((one) => [one, ...one.commands])].flatMap((node) => {
    const path = pathOf(program, node);
    const options = [...new Set([...globals, ...node.options])].flatMap(({ flags }) => flags);
    const names = node.commands.map(({ name }) => name);
    const { values } = node;
    const isList = typeof values !== "string";
    const words = isList ? [...names, ...values].join(" ") : askedFor(values);
    // After the words of a command come its names, again and again; after the others only what follows.
    const more = isList ? "" : "*";
    return [
      `    "${path}"${path === "" ? "" : more}/-*) choices="${[...options, "--help"].join(" ")}" ;;`,
      `    "${path}"${path === "" ? "" : more}/*) choices="${words}" ;;`,
    ];
  });
}

const askedFor = (kind: NameKind): string =>
  `${hasAll(kind) ? "all " : ""}$("\${words[0]}" "\${config[@]}" __complete ${kind} 2>/dev/null)`;

/** As it is typed behind the program: `config check`. */
function pathOf(program: CommandNode, node: CommandNode): string {
  if (node === program) return "";
  const parent = program.commands.find((one) => one.commands.includes(node));
  return parent === undefined ? node.name : `${parent.name} ${node.name}`;
}
