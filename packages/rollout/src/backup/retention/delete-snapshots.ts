import { deleteSnapshot, readManifest } from '@dhash/backup-core';
import type { EnvironmentConfig } from '../../config/types.ts';
import { messageOf } from '../../errors.ts';

type Data = Pick<EnvironmentConfig, 'data'>;

/** A snapshot that somebody else keeps, which a backup refers to. */
export interface Snapshot {
  readonly source: string;
  readonly reference: string;
}

/** The snapshots that these zips refer to; none where no source keeps any. One that can't be read refers to none. */
export const snapshotsIn = async (
  { data }: Data,
  zips: readonly string[],
): Promise<readonly Snapshot[]> => {
  if (!data.some(({ type }) => type === 'external')) return [];
  const found: Snapshot[] = [];
  for (const zip of zips) {
    const manifest = await readManifest(zip).catch(() => null);
    for (const { name, reference } of manifest?.sources ?? [])
      if (reference !== undefined) found.push({ source: name, reference });
  }
  return found;
};

/**
 * Deletes snapshots whose backups are gone, but for those that one which stays refers to as well.
 *
 * @returns a sentence for each that is still there: it is nobody's to find any more
 */
export const deleteSnapshots = async (
  { data }: Data,
  gone: readonly Snapshot[],
  staying: readonly Snapshot[],
  signal: AbortSignal,
): Promise<string[]> => {
  const left: string[] = [];
  const isKept = ({ source, reference }: Snapshot) =>
    staying.some((one) => one.source === source && one.reference === reference);
  for (const { source: name, reference } of gone.filter((one) => !isKept(one))) {
    const source = data.find((one) => one.name === name);
    if (source?.type !== 'external' || source.delete === undefined) {
      left.push(`snapshot ${reference} of ${name} stays: its source names no delete command`);
      continue;
    }
    try {
      await deleteSnapshot(source, reference, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      left.push(`snapshot ${reference} of ${name} could not be deleted: ${messageOf(error)}`);
    }
  }
  return left;
};
