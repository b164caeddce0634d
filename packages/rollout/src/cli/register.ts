import type { Command } from 'commander';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import type { GlobalOptions, NamedLog, TakeOverOptions } from './run-command-line.ts';

/** Runs a command's work in its context and keeps the exit code for the process. */
export type Run = (
  command: string,
  options: GlobalOptions & TakeOverOptions,
  work: (context: CommandContext) => Promise<CommandResult>,
  log?: NamedLog | null,
) => Promise<void>;

/** Adds one command to the program. */
export type Register = (program: Command, run: Run) => void;

/** A sub-command with the options that all of them share. */
export const withGlobalOptions = (command: Command): Command =>
  command
    .option('--json', 'one JSON event a line on stdout, and nothing else there')
    .option('--config <file>', 'rollout.yaml to use (default: the one in the current folder)')
    .option('--verbose', 'show what the commands of rollout.yaml print, and more detail');

/** A command that takes the environment's lock: with the way past a holder that can't be asked. */
export const withTakeOver = (command: Command): Command => {
  command.option(
    '--take-over',
    'take the lock of a holder on another machine that does not renew it (needs --reason)',
  );
  return command.options.some(({ long }) => long === '--reason')
    ? command
    : command.option('--reason <text>', 'why, for the record');
};

/**
 * The reason of a command that puts one on the record.
 *
 * @throws RolloutError `reason-missing` (exit 2)
 */
export const requiredReason = ({ reason }: { readonly reason?: string }): string => {
  if (reason !== undefined && reason.trim() !== '') return reason;
  throw new RolloutError(
    'reason-missing',
    exitCodes.usage,
    '--reason "…" is missing: it goes on the record',
  );
};

/** Collects a repeatable option. */
export const collect = (value: string, before: readonly string[]): string[] => [...before, value];
