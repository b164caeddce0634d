import type { Command, EnvironmentConfig } from '../config/types.ts';
import { commandVariables } from '../process/command-variables.ts';
import { type CommandResult, runCommand, shownCommand } from '../process/run-command.ts';
import { TargetError, type TargetRun } from './types.ts';

/** Longest that a command of a target may take, ms. */
const commandTimeoutMs = 10 * 60_000;

/** Most of its output that an error repeats, in characters. */
const shownOutput = 2_000;

/** Which of a target's commands, where, and for which release. */
export interface TargetCommand {
  readonly name: 'init' | 'start' | 'stop' | 'current' | 'activate' | 'version';
  readonly command: Command;
  readonly cwd: string;
  readonly version: string | null;
  /** What a query prints is its answer, not news. */
  readonly isQuery?: boolean;
}

/** @throws {TargetError} `command-failed` where it ends in anything but exit 0. */
export const runTargetCommand = async (
  config: EnvironmentConfig,
  run: TargetRun,
  { name, command, cwd, version, isQuery = false }: TargetCommand,
): Promise<CommandResult> => {
  const ended = await runCommand({
    command,
    cwd,
    env: commandVariables(config, { ...run, version }),
    timeoutMs: commandTimeoutMs,
    signal: run.signal,
    onOutput: isQuery ? undefined : run.onOutput,
  });
  if (ended.exit === 0 && !ended.timedOut) return ended;
  const how = ended.timedOut
    ? `took longer than ${commandTimeoutMs / 60_000} minutes`
    : ended.exit === null
      ? `was ended by ${ended.signal}`
      : `ended with exit ${ended.exit}`;
  const said = ended.output.trim().slice(-shownOutput);
  throw new TargetError(
    'command-failed',
    `the ${name} command (${shownCommand(command)}) ${how}${said === '' ? ' and printed nothing' : `:\n${said}`}`,
  );
};
