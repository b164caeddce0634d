import { isBackupError } from '@dhash/backup-core';
import { isJournalError } from '@dhash/journal';
import { isMonitorError } from '@dhash/monitor';
import { isNotifierError } from '@dhash/notifier';
import { isGatesConfigError } from '@dhash/quality-gates/config';
import { isRollbackError } from '@dhash/rollback';
import { isConfigError } from '../config/config-error.ts';
import { Interrupted } from '../environment/context.ts';
import { type ExitCode, exitCodes, isRolloutError, messageOf } from '../errors.ts';
import { isMigrationError } from '../migrations/types.ts';
import { isCommandError } from '../process/run-command.ts';
import { isTargetError } from '../targets/types.ts';

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

/** Backup faults that do not say that a backup failed to verify. */
const backupExits: Readonly<Record<string, ExitCode>> = {
  unreadable: exitCodes.failed,
  'write-failed': exitCodes.failed,
  'no-space': exitCodes.failed,
  'source-refused': exitCodes.failed,
  'sqlite-busy': exitCodes.failed,
  'sqlite-damaged': exitCodes.failed,
  'command-failed': exitCodes.failed,
  'server-lost': exitCodes.failed,
  'clock-set-back': exitCodes.failed,
  'swap-conflict': exitCodes.failed,
  'copy-failed': exitCodes.failed,
  'bad-option': exitCodes.usage,
  'not-found': exitCodes.usage,
};

/** Journal faults that say nothing against the record itself. */
const journalExits: Readonly<Record<string, ExitCode>> = {
  overtaken: exitCodes.busy,
  'append-failed': exitCodes.unexpected,
  closed: exitCodes.unexpected,
  'bad-lock': exitCodes.usage,
};

/** Maps everything that a command may throw to an exit code and the lines that explain it. */
export const failureOf = (error: unknown): Failure => {
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
  if (isTargetError(error))
    return {
      exit: error.code === 'command-failed' ? exitCodes.failed : exitCodes.usage,
      code: error.code,
      lines: [`error: ${error.message}`],
    };
  if (isCommandError(error))
    return { exit: exitCodes.failed, code: error.code, lines: [`error: ${error.message}`] };
  if (isMigrationError(error))
    return {
      exit: ['unreadable', 'refused'].includes(error.code) ? exitCodes.usage : exitCodes.failed,
      code: error.code,
      lines: [`error: ${error.message}`, ...error.problems.map(({ message }) => `  → ${message}`)],
    };
  if (isBackupError(error))
    return {
      exit: backupExits[error.code] ?? exitCodes.notVerified,
      code: error.code,
      lines: [`error: ${error.message}`],
    };
  if (isJournalError(error))
    return {
      exit: journalExits[error.code] ?? exitCodes.notVerified,
      code: error.code,
      lines: [`error: ${error.message}`],
    };
  if (isRollbackError(error) || isMonitorError(error))
    return { exit: exitCodes.notVerified, code: error.code, lines: [`error: ${error.message}`] };
  if (isNotifierError(error))
    return { exit: exitCodes.usage, code: error.code, lines: [`error: ${error.message}`] };
  return {
    exit: exitCodes.unexpected,
    code: 'unexpected',
    lines: [
      `unexpected fault: ${messageOf(error)}`,
      '  → nothing is claimed about the state; look: npx dhash-rollout status --env ENV',
    ],
  };
};
