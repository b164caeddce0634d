import { isBackupError } from '@dhash/backup-core';
import { isJournalError, missingRightOf } from '@dhash/journal';
import { isMonitorError } from '@dhash/monitor';
import { isNotifierError } from '@dhash/notifier';
import { isGatesError } from '@dhash/quality-gates';
import { isGatesConfigError } from '@dhash/quality-gates/config';
import { isRollbackError } from '@dhash/rollback';
import { isConfigError } from '../config/config-error.ts';
import { Interrupted } from '../environment/context.ts';
import { type ExitCode, exitCodes, isRolloutError, messageOf } from '../errors.ts';
import { isMigrationError } from '../migrations/types.ts';
import { isCommandError } from '../process/run-command.ts';
import { isTargetError } from '../targets/types.ts';
import { exitOfCode } from './exit-of-code.ts';

/** What a person and a script are told of something thrown. */
export interface Failure {
  readonly exit: ExitCode;
  readonly code: string;
  readonly lines: readonly string[];
}

interface PositionedIssue {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly path: string;
  readonly message: string;
  readonly hint?: string | null | undefined;
}

const issueLine = (issue: PositionedIssue): string => {
  const where = issue.line === 0 ? issue.file : `${issue.file}:${issue.line}:${issue.column}`;
  const path = issue.path === '' ? '' : ` ${issue.path}:`;
  return `${where}${path} ${issue.message}${issue.hint ? ` (${issue.hint})` : ''}`;
};

/** The exit code of an error of one of the packages; `null`: it is none of theirs. */
const exitOf = (error: unknown): ExitCode | null => {
  if (isTargetError(error)) return exitOfCode.target[error.code];
  if (isBackupError(error)) return exitOfCode.backup[error.code];
  if (isJournalError(error)) return exitOfCode.journal[error.code];
  if (isRollbackError(error)) return exitOfCode.rollback[error.code];
  if (isMonitorError(error)) return exitOfCode.monitor[error.code];
  if (isNotifierError(error)) return exitOfCode.notifier[error.code];
  if (isGatesError(error)) return exitOfCode.gates[error.code];
  return null;
};

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'error';

const lookAtStatus =
  '  → nothing is claimed about the state; look: npx dhash-rollout status --env ENV';

/** Commands that go back to a backup; those that look at one say only what is wrong with it. */
const goingBack = ['deploy', 'monitor', 'rollback', 'migrate', 'watchdog'];

/** Of an archive that is refused: nothing of ours can make it whole again. */
const anotherBackup =
  '  → bring that backup back whole, from a copy of it, or name another one: npx dhash-rollout backup --env ENV --list';

/** What to type after an error of one of the packages. */
const hintsFor = (error: unknown, exit: ExitCode, command: string): string[] => {
  if (exit === exitCodes.unexpected) return [lookAtStatus];
  const isOfArchive = isBackupError(error) || isRollbackError(error);
  return exit === exitCodes.notVerified && isOfArchive && goingBack.includes(command)
    ? [anotherBackup]
    : [];
};

/** Maps everything that a command may throw to an exit code and the lines that explain it. */
export const failureOf = (error: unknown, command: string): Failure => {
  if (error instanceof Interrupted)
    return {
      exit: error.exit,
      code: 'interrupted',
      lines: [error.message],
    };
  if (isRolloutError(error))
    return {
      exit: error.exit,
      code: error.code,
      lines: [`error: ${error.message}`, ...error.hints.map((hint) => `  → ${hint}`)],
    };
  if (isConfigError(error) || isGatesConfigError(error))
    return {
      exit: exitCodes.usage,
      code: error.code,
      lines: error.issues.map((issue) => `error: ${issueLine(issue)}`),
    };
  if (isCommandError(error))
    return { exit: exitCodes.failed, code: error.code, lines: [`error: ${error.message}`] };
  if (isMigrationError(error))
    return {
      exit: exitOfCode.migration[error.code],
      code: error.code,
      lines: [`error: ${error.message}`, ...error.problems.map(({ message }) => `  → ${message}`)],
    };
  if (missingRightOf(error) !== null)
    return {
      exit: exitCodes.failed,
      code: 'no-right',
      lines: [`error: ${messageOf(error)}`, '  → give that right, or come as the user who has it'],
    };
  const exit = exitOf(error);
  if (exit !== null)
    return {
      exit,
      code: codeOf(error),
      lines: [`error: ${messageOf(error)}`, ...hintsFor(error, exit, command)],
    };
  return {
    exit: exitCodes.unexpected,
    code: 'unexpected',
    lines: [`unexpected fault: ${messageOf(error)}`, lookAtStatus],
  };
};
