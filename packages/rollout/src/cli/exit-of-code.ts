import type { BackupErrorCode } from '@dhash/backup-core';
import type { JournalErrorCode } from '@dhash/journal';
import type { MonitorErrorCode } from '@dhash/monitor';
import type { NotifierErrorCode } from '@dhash/notifier';
import type { GatesErrorCode } from '@dhash/quality-gates';
import type { RollbackErrorCode } from '@dhash/rollback';
import { type ExitCode, exitCodes } from '../errors.ts';
import type { MigrationError } from '../migrations/types.ts';
import type { TargetError } from '../targets/types.ts';

const { failed, usage, busy, notVerified, unexpected, rollbackNotValidated } = exitCodes;

type Table<Code extends string> = Readonly<Record<Code, ExitCode>>;

/*
 * One exit code for every error code of every package, and no default: a new error code does not compile until
 * somebody has decided what its caller sees.
 */

const backup: Table<BackupErrorCode> = {
  'bad-option': usage,
  'not-found': usage,
  unreadable: failed,
  'source-refused': failed,
  'sqlite-busy': failed,
  'sqlite-damaged': failed,
  'command-failed': failed,
  'server-lost': failed,
  'clock-set-back': failed,
  'no-space': failed,
  'write-failed': failed,
  'copy-failed': failed,
  'swap-conflict': failed,
  'bad-sidecar': notVerified,
  'sidecar-mismatch': notVerified,
  'bad-archive': notVerified,
  'bad-manifest': notVerified,
  'not-restorable': notVerified,
  'restored-data-differs': notVerified,
};

const journal: Table<JournalErrorCode> = {
  broken: notVerified,
  'unknown-format': notVerified,
  'head-differs': notVerified,
  'unknown-step': notVerified,
  'bad-head': usage,
  'bad-lock': usage,
  'no-right': usage,
  overtaken: busy,
  'append-failed': unexpected,
  closed: unexpected,
  'not-json': unexpected,
};

const monitor: Table<MonitorErrorCode> = {
  'bad-sample-log': notVerified,
  'unknown-format': notVerified,
  'log-broken': notVerified,
  'log-changed': notVerified,
  'log-from-future': notVerified,
  'bad-options': usage,
  unreachable: failed,
  timeout: failed,
  'bad-status': failed,
  'too-large': failed,
  'bad-metrics': failed,
};

const rollback: Table<RollbackErrorCode> = {
  'backup-refused': notVerified,
  'wrong-service': notVerified,
  'wrong-environment': notVerified,
  'other-sources': notVerified,
  'unreadable-data': notVerified,
  'backup-changed': notVerified,
  'already-cleaned': notVerified,
  'unfinished-swap': busy,
  'not-healthy': rollbackNotValidated,
  'smoke-failed': rollbackNotValidated,
  'safety-incomplete': failed,
  'cannot-put-back': failed,
};

const notifier: Table<NotifierErrorCode> = {
  'bad-config': usage,
  'bad-message': usage,
  'bad-template': usage,
  'unknown-channel': usage,
  'bad-secret': usage,
  'unknown-message': usage,
};

const gates: Table<GatesErrorCode> = {
  'bad-config': usage,
  'unknown-environment': usage,
  'unknown-gate': usage,
  'bad-policy': usage,
  'not-expressible': usage,
  'bad-selector': usage,
};

const target: Table<TargetError['code']> = {
  'no-artifact': usage,
  'bad-version': usage,
  'unsafe-archive': usage,
  'bad-archive': usage,
  'not-laid': usage,
  'not-a-link': usage,
  'command-failed': failed,
  'still-running': failed,
  'not-active': failed,
};

const migration: Table<MigrationError['code']> = {
  unreadable: usage,
  refused: usage,
  failed,
  'trial-failed': failed,
  'no-room': failed,
};

/** The exit code of each error code, by the package that throws it. */
export const exitOfCode = {
  backup,
  journal,
  monitor,
  rollback,
  notifier,
  gates,
  target,
  migration,
};
