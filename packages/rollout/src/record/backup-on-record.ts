import { resolve } from 'node:path';
import type { RecordedEvent } from './events.ts';
import type { RecordedRun } from './runs.ts';

/** A backup as the run that took it wrote it down. */
export interface BackupOnRecord {
  readonly run: string;
  readonly sha256: string;
}

const taken = (event: RecordedEvent): { file: string; sha256: string } | null => {
  if (event.type !== 'step.done' || !event.step.startsWith('backup')) return null;
  const { data } = event;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return null;
  const { file, sha256 } = data;
  return typeof file === 'string' && typeof sha256 === 'string' ? { file, sha256 } : null;
};

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
      const backup = taken(event);
      if (backup !== null && resolve(root, backup.file) === file)
        return { run: state.run, sha256: backup.sha256 };
    }
  return null;
};
