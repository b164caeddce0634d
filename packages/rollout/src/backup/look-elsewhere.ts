import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import {
  type CommandLine,
  type CommandSource,
  canPutBack,
  type DataSource,
  type ExternalSource,
  lookAtPostgres,
} from '@dhash/backup-core';

const run = promisify(execFile);

/** The program that a command begins with; `null` where only a shell could tell. */
const programOf = (command: CommandLine): string | null => {
  const first = typeof command === 'string' ? command.trim().split(/\s/, 1)[0] : command[0];
  return first !== undefined && /^[\w./+-]+$/.test(first) ? first : null;
};

const isThere = (program: string, cwd: string | undefined): Promise<boolean> =>
  run('sh', ['-c', 'command -v -- "$0"', program], { cwd }).then(
    () => true,
    () => false,
  );

const commandsOf = (
  source: CommandSource | ExternalSource,
): Readonly<Record<string, CommandLine | undefined>> => {
  if (source.type === 'command') {
    const { dump, load, verify } = source;
    return { dump, load, verify };
  }
  const { create, verify, restore } = source;
  return { create, verify, restore, delete: source.delete };
};

/** What keeps the commands of a source from running, as far as can be told without running them. */
export const lookAtCommands = async (source: CommandSource | ExternalSource): Promise<string[]> => {
  const problems: string[] = [];
  for (const [which, command] of Object.entries(commandsOf(source))) {
    const program = command === undefined ? null : programOf(command);
    if (program !== null && !(await isThere(program, source.cwd)))
      problems.push(`${program}, which its ${which} command begins with, is not there`);
  }
  return problems;
};

/**
 * What keeps a source from being backed up, or restored where `restores`: a sentence each. Null of one that lies on a
 * disk of this machine and could be put back there.
 */
export const lookElsewhere = async (
  source: DataSource,
  look: { readonly restores: boolean },
): Promise<readonly string[] | null> => {
  switch (source.type) {
    case 'postgres':
      return lookAtPostgres(source, look);
    case 'command':
    case 'external':
      return lookAtCommands(source);
    default: {
      if (!look.restores) return null;
      const obstacles = await canPutBack([source]);
      const refusals = obstacles.filter(({ severity }) => severity === 'refuses');
      return refusals.length === 0 ? null : refusals.map(({ sentence }) => sentence);
    }
  }
};
