import { type BackupReport, createBackup, verifyBackup } from '@dhash/backup-core';
import type { EnvironmentConfig } from '../config/types.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { appliedMigrations } from '../migrations/applied.ts';
import { tool } from '../tool.ts';
import type { CommandContext } from './context.ts';

/** Where a backup goes: into the environment's folder, or nowhere (a dry run reads everything and keeps nothing). */
export type BackupSink = 'file' | 'null';

export interface BackupRequest {
  readonly config: EnvironmentConfig;
  /** Release that the data belongs to; stamped into the backup. */
  readonly release: string | null;
  readonly tag?: string;
  readonly sink?: BackupSink;
}

/** Backs an environment's data up and, where it was kept, verifies what lies on disk now. */
export const takeBackup = async (
  context: CommandContext,
  { config, release, tag, sink = 'file' }: BackupRequest,
): Promise<BackupReport> => {
  const report = await createBackup({
    dir: config.backup.dir,
    root: config.root,
    service: config.service,
    env: config.env,
    release,
    migrations: await appliedMigrations(config),
    ...(tag === undefined ? {} : { tag }),
    sources: config.data,
    tool,
    now: context.clock.now,
    signal: context.signal,
    sink,
  });
  if (report.incomplete.length > 0) {
    const named = report.incomplete.slice(0, 5).join(', ');
    const more = report.incomplete.length > 5 ? ` and ${report.incomplete.length - 5} more` : '';
    throw new RolloutError(
      'backup-incomplete',
      exitCodes.failed,
      `the backup is incomplete: ${named}${more} could not be read whole`,
      {
        hints: [
          ...(sink === 'file'
            ? [`what could be read is in ${report.file}; it is no backup to go back to`]
            : []),
          'mend what is named, or leave it out with "exclude", and back up again',
        ],
      },
    );
  }
  if (sink === 'file') await verifyBackup(report.file, { signal: context.signal });
  return report;
};
