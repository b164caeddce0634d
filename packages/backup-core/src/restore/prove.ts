import { BackupError } from '../errors.ts';
import { kindOf } from '../kind/kinds.ts';
import type { Manifest } from '../manifest.ts';
import type { DataSource } from '../types.ts';
import type { CompareOptions } from './compare.ts';

/** What was found equal to the manifest. */
export interface RestoreProof {
  readonly files: number;
  readonly bytes: number;
  /** Rows per table, by source. */
  readonly tables: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** Modes, owners and times that are not as they were, the first 100: the data is. Absent where all are. */
  readonly notes?: readonly string[];
}

const MOST_NOTES = 100;

/**
 * Proves that live data is what a backup holds: every file hashed again, nothing missing, nothing extra;
 * databases byte by byte, with no log beside them, and their rows per table. Before the service starts.
 *
 * @throws BackupError `restored-data-differs`, naming what differs
 */
export const proveRestored = async (
  manifest: Manifest,
  targets: readonly DataSource[],
  { signal }: CompareOptions = {},
): Promise<RestoreProof> => {
  const problems: string[] = [];
  const notes: string[] = [];
  const tables: Record<string, Readonly<Record<string, number>>> = {};
  let files = 0;
  let bytes = 0;
  for (const { name, type } of manifest.sources)
    if (!targets.some((target) => target.name === name && target.type === type))
      problems.push(`${name}: the backup holds it, and nothing was said of where it lies`);
  for (const target of targets) {
    const found = await kindOf(target).prove(target, manifest, signal);
    for (const problem of found.problems) problems.push(problem);
    files += found.files;
    bytes += found.bytes;
    for (const note of found.notes ?? []) if (notes.length < MOST_NOTES) notes.push(note);
    if (found.tables !== null) tables[target.name] = found.tables;
  }
  if (problems.length > 0)
    throw new BackupError(
      'restored-data-differs',
      `the restored data is not what the backup holds, ${problems.length} difference${problems.length === 1 ? '' : 's'}: ${problems.slice(0, 5).join('; ')}`,
      { problems },
    );
  return { files, bytes, tables, ...(notes.length === 0 ? {} : { notes }) };
};
