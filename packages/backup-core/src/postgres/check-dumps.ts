import type { Manifest } from '../manifest.ts';
import { openBackup } from '../read-backup.ts';
import { readEntry } from '../zip/read-entry.ts';
import { checkDump } from './dump.ts';
import { majorOf } from './look.ts';

/** How it went with the dumps of a backup. */
export interface CheckedDumps {
  /** Sources whose dump was read to its end. */
  readonly read: readonly string[];
  /** Sources whose dump was not, since there is no pg_restore here. */
  readonly unread: readonly string[];
}

/**
 * Reads each PostgreSQL dump of a backup to its end with pg_restore, as was done before the backup got its name: what
 * can be restored is more than the bytes that were. Restores nothing.
 *
 * @param file verified; the manifest is its own
 * @throws BackupError `command-failed` where pg_restore refuses one
 */
export const checkDumps = async (
  file: string,
  { sources }: Pick<Manifest, 'sources'>,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<CheckedDumps> => {
  const names = sources.flatMap(({ name, type }) => (type === 'postgres' ? [name] : []));
  // Most backups have none, and are not opened again for that.
  if (names.length === 0 || (await majorOf('pg_restore')) === null)
    return { read: [], unread: names };
  return openBackup(file, async (backup) => {
    for (const { line, entry } of backup.files) {
      const name = names.find((each) => line.path.startsWith(`${each}/`));
      if (name !== undefined)
        await checkDump(readEntry(backup, entry, { sha256: '' }, signal), name, signal);
    }
    return { read: names, unread: [] };
  });
};
