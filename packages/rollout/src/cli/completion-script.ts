/** A command as far as a shell can complete it. */
export interface CompletedCommand {
  /** Words after the program's name: `['backup']`, `['gates', 'check']`. */
  readonly path: readonly string[];
  readonly description: string;
  /** Long options, with their dashes. */
  readonly options: readonly { readonly flag: string; readonly description: string }[];
}

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** What may follow the words of each command: sub-commands and options. */
const following = (commands: readonly CompletedCommand[]): Map<string, string[]> => {
  const words = new Map<string, string[]>([['', []]]);
  for (const { path, options } of commands) {
    words.set(
      path.join(' '),
      options.map(({ flag }) => flag),
    );
  }
  for (const { path } of commands) {
    const parent = path.slice(0, -1).join(' ');
    words.set(parent, [...(words.get(parent) ?? []), path.at(-1) ?? '']);
  }
  return words;
};

/** The environments are those of the rollout.yaml of the current folder: lines of two spaces and a name below `environments:`. */
const environments = `awk '/^environments:/{on=1;next} /^[^ #]/{on=0} on&&/^  [a-z0-9-]+:/{sub(":.*","");print $1}' rollout.yaml 2>/dev/null`;

const bash = (commands: readonly CompletedCommand[]): string => `_dhash_rollout() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path="" word
  COMPREPLY=()
  if [[ $before == --env ]]; then
    COMPREPLY=($(compgen -W "$(${environments})" -- "$current"))
    return
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -* ]] && break
    path="\${path:+$path }$word"
  done
  local words=""
  case $path in
${[...following(commands)].map(([path, words]) => `    '${path}') words='${words.join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  ((\${#COMPREPLY[@]})) || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _dhash_rollout dhash-rollout
`;

/** zsh runs the function of bash. */
const zsh = (commands: readonly CompletedCommand[]): string =>
  `#compdef dhash-rollout\nautoload -Uz bashcompinit && bashcompinit\n${bash(commands)}`;

const single = (text: string): string => `'${text.replaceAll("'", '').replaceAll('\\', '')}'`;

const fish = (commands: readonly CompletedCommand[]): string => {
  const lines = commands.flatMap(({ path, description, options }) => {
    const name = path.at(-1) ?? '';
    const before = path.slice(0, -1);
    const when =
      before.length === 0
        ? '__fish_use_subcommand'
        : before.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    const inside = path.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');
    return [
      `complete -c dhash-rollout -n ${single(when)} -a ${name} -d ${single(description)}`,
      ...options.map(
        ({ flag, description: what }) =>
          `complete -c dhash-rollout -n ${single(inside)} -l ${flag.slice(2)} -d ${single(what)}${flag === '--env' ? ` -xa "(${environments.replaceAll('$', '\\$').replaceAll('"', '\\"')})"` : ''}`,
      ),
    ];
  });
  return `${lines.join('\n')}\n`;
};

/** A script that makes a shell complete commands, options and environments. Pure. */
export const completionScript = (shell: Shell, commands: readonly CompletedCommand[]): string =>
  ({ bash, zsh, fish })[shell](commands);
