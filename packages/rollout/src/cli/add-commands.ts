import type { Command } from 'commander';
import type { CommandEntry, CommandGroup } from './command-tree.ts';
import type { Run } from './register.ts';

/**
 * Adds `entries` to a program: the one that was typed with its options and work, the others as a list of commands and a
 * suggestion after a typing error need them.
 *
 * @param typed arguments after the program's or the group's name
 */
export const addCommands = async (
  program: Command,
  run: Run,
  entries: readonly (CommandEntry | CommandGroup)[],
  typed: readonly string[],
): Promise<void> => {
  const words = entries.map(({ name }) => name.split(' ', 1)[0]);
  // No option before a command takes a value: the first word that is a command's name is that command.
  const at = typed.findIndex((word) => words.includes(word));
  for (const entry of entries) {
    const command = program.command(entry.name).description(entry.description);
    const isTyped = at >= 0 && command.name() === typed[at];
    if ('below' in entry) {
      await addCommands(command, run, entry.below, isTyped ? typed.slice(at + 1) : []);
      continue;
    }
    if (entry.argument !== undefined) command.argument(...entry.argument);
    if (isTyped) (await entry.load())(command, run);
    // Every command has options, and a list says so.
    else command.option('--json');
  }
};
