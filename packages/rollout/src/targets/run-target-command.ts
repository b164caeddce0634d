import { relative } from 'node:path';
import { ConfigError } from '../config/config-error.ts';
import type { Command, EnvironmentConfig } from '../config/types.ts';
import { messageOf } from '../errors.ts';
import { commandVariables } from '../process/command-variables.ts';
import { type CommandResult, runCommand, shownCommand } from '../process/run-command.ts';
import { tendLogs } from '../process/tend-logs.ts';
import { visible, visibleLine } from '../words/visible.ts';
import { patience, written } from './patience.ts';
import { logsFolder, outputPlace } from './state-folder.ts';
import { TargetError, type TargetRun } from './types.ts';

/** Longest that any other command of a target than `start` may take, ms. */
const commandTimeoutMs = 10 * 60_000;

/** From TERM to KILL where a person does not want to wait, ms. */
const hurriedGraceMs = 500;

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

/** What people should hear of where a command's output went. */
const tellOfOutput = (
  { name }: TargetCommand,
  { file, heldBy, notKept }: CommandResult,
  root: string,
): string | null => {
  if (notKept !== null) return `the output of ${name} was not kept: ${notKept}`;
  const [first] = heldBy;
  if (file === null || first === undefined) return null;
  const shown = relative(root, file).startsWith('..') ? file : relative(root, file);
  return `${name} left pid ${first.pid} (${visibleLine(first.command)}) on our output: what it writes goes to ${shown}, turned over at 10 MB by each command and watch`;
};

/** @throws ConfigError where the file that its variables come from could not be read. */
export const requireVariables = ({ commands }: EnvironmentConfig): void => {
  if (commands.problem !== null) throw new ConfigError([commands.problem]);
};

/**
 * @throws {TargetError} `command-failed` where it ends in anything but exit 0.
 * @throws the run's signal's reason where a start was interrupted.
 */
export const runTargetCommand = async (
  config: EnvironmentConfig,
  run: TargetRun,
  asked: TargetCommand,
): Promise<CommandResult> => {
  const { name, command, cwd, version, isQuery = false } = asked;
  // A status must be had without them.
  if (!isQuery) requireVariables(config);
  const { given, withheld } = config.commands;
  const timeoutMs = name === 'start' ? config.target.startTimeoutMs : commandTimeoutMs;
  const { onNotice, ...quiet } = run;
  const waiting = patience(name, timeoutMs, isQuery ? quiet : run);
  const ended = await runCommand({
    command,
    cwd,
    env: { ...given, ...commandVariables(config, { ...run, version }) },
    withheld,
    timeoutMs,
    ...(name === 'start' ? { graceMs: hurriedGraceMs } : {}),
    ...(isQuery ? {} : { log: outputPlace(config, name) }),
    isLeftBehind: name === 'start',
    signal: waiting.signal,
    onOutput: isQuery ? undefined : run.onOutput,
  }).finally(waiting.end);
  if (!isQuery) {
    const told = tellOfOutput(asked, ended, config.root);
    if (told !== null) onNotice?.(told);
    // Nobody's command fails for the sake of a log.
    await tendLogs(logsFolder(config)).catch((error: unknown) =>
      onNotice?.(`the service's output is not kept in bounds: ${messageOf(error)}`),
    );
  }
  if (ended.exit === 0 && !ended.timedOut) return ended;
  const how = ended.timedOut
    ? `took longer than ${written(timeoutMs)}${name === 'start' ? ' (target.startTimeout)' : ''}`
    : ended.exit === null
      ? `was ended by ${ended.signal}`
      : `ended with exit ${ended.exit}`;
  const said = visible(ended.output.trim().slice(-shownOutput));
  throw new TargetError(
    'command-failed',
    `the ${name} command (${shownCommand(command)}) ${how}${said === '' ? ' and printed nothing' : `:\n${said}`}`,
  );
};
