import { Argument, type Command } from 'commander';

const shells = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof shells)[number];

/** What a shell asks for: the words so far go to `marvel __complete`, one candidate a line comes back. */
const scripts: Record<Shell, string> = {
  bash: `_marvel() {
  local IFS=$'\\n'
  COMPREPLY=($(marvel __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _marvel marvel
`,
  zsh: `#compdef marvel
_marvel() {
  local -a found
  found=(\${(f)"$(marvel __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( $#found )); then compadd -a found; else _files; fi
}
# As a file of fpath, this is what the first completion calls; sourced, it is not.
if [[ $funcstack[1] == _marvel ]]; then _marvel "$@"; else compdef _marvel marvel; fi
`,
  fish: `function __marvel_found
  marvel __complete -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c marvel -f -a '(__marvel_found)'
complete -c marvel -n 'not count (__marvel_found) >/dev/null' -F
`,
};

/** `completion <shell>`, and what its scripts ask. */
export function completionCommands(program: Command, out: (text: string) => void): void {
  program
    .command('completion')
    .description('print a completion script')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      `
  bash: marvel completion bash > ~/.local/share/bash-completion/completions/marvel
  zsh:  marvel completion zsh > "\${fpath[1]}/_marvel"
  fish: marvel completion fish > ~/.config/fish/completions/marvel.fish`,
    )
    .action((shell: Shell) => out(scripts[shell]));
  program.command('__complete [words...]', { hidden: true }).action((words: readonly string[]) =>
    out(
      candidates(program, words)
        .map((word) => `${word}\n`)
        .join(''),
    ),
  );
}

/** What the last of the words may become. */
export function candidates(program: Command, words: readonly string[]): readonly string[] {
  const [last = '', ...before] = words.toReversed();
  let command = program;
  for (const word of before.toReversed()) {
    const next = command.commands.find((one) => one.name() === word);
    if (next !== undefined) command = next;
  }
  if (last.startsWith('-')) {
    const options = command === program ? program.options : [...command.options, ...program.options];
    return ['--help', ...options.map(({ long }) => long ?? '')].filter((name) => name.startsWith(last));
  }
  // What an option takes is asked for before anything else: `--by <tab>`.
  const option = [...command.options, ...program.options].find(({ long }) => long !== undefined && long === before[0]);
  if (option !== undefined && !option.isBoolean()) {
    return (option.argChoices ?? []).filter((choice) => choice.startsWith(last));
  }
  const helper = command.createHelp();
  const names = helper.visibleCommands(command).map((one) => one.name());
  const choices = command.registeredArguments[0]?.argChoices ?? [];
  return [...names, ...choices].filter((name) => name !== 'help' && name.startsWith(last));
}
