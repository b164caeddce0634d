import { Command } from 'commander';
import { exitCodes } from '../../errors.ts';
import type { CommandEntry, CommandGroup } from '../command-tree.ts';
import {
  type CompletedCommand,
  completionScript,
  type Shell,
  shells,
} from '../completion-script.ts';
import type { Register } from '../register.ts';

/** All commands with their options: here every one is loaded, which the command that is typed never does. */
const completed = async (
  entries: readonly (CommandEntry | CommandGroup)[],
  path: readonly string[] = [],
): Promise<CompletedCommand[]> => {
  const all: CompletedCommand[] = [];
  for (const entry of entries) {
    const [name = ''] = entry.name.split(' ', 1);
    const own = [...path, name];
    const { description } = entry;
    if ('below' in entry) {
      all.push({ path: own, description, options: [] }, ...(await completed(entry.below, own)));
      continue;
    }
    const command = new Command(name);
    if (entry.argument !== undefined) command.argument(...entry.argument);
    (await entry.load())(command, async () => undefined);
    const options = command.options.flatMap(({ long, description: what }) =>
      long ? [{ flag: long, description: what }] : [],
    );
    all.push({ path: own, description, options });
  }
  return all;
};

/** @param tree all commands, once there are all: this one is among them */
export const completionOf =
  (tree: () => readonly (CommandEntry | CommandGroup)[]): Register =>
  (command, run) => {
    command.registeredArguments[0]?.choices([...shells]);
    command
      .addHelpText(
        'after',
        '\nbash: eval "$(dhash-rollout completion bash)" · zsh: the same with zsh, after compinit · fish: dhash-rollout completion fish | source',
      )
      .action((shell: Shell) =>
        run('completion', {}, async ({ output }) => {
          output.write(completionScript(shell, await completed(tree())));
          return { exit: exitCodes.done };
        }),
      );
  };
