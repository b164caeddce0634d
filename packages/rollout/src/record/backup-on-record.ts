import { resolve } from 'node:path';
import { takenBackup } from './backup-step.ts';
import type { RecordedRun } from './runs.ts';

/** A backup as the run that took it wrote it down. */
export interface BackupOnRecord {
  readonly run: string;
  readonly sha256: string;
}

/**
 * What the record says of a backup: its newest entry for that file; `null` where no run took it. Pure.
 *
 * @param runs newest first
 * @param root folder of rollout.yaml, absolute: files on record are relative to it
 * @param file absolute
 */
export const backupOnRecord = (
  runs: readonly RecordedRun[],
  root: string,
  file: string,
): BackupOnRecord | null => {
  for (const { state, events } of runs)
    for (const event of events.toReversed()) {
      const backup = event.type === 'step.done' ? takenBackup(event) : null;
      if (backup === null || backup.sha256 === null) continue;
      if (resolve(root, backup.file) === file) return { run: state.run, sha256: backup.sha256 };
    }
  return null;
};
