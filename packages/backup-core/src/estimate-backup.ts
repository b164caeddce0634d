import { stat } from 'node:fs/promises';
import { isBackupError, systemCode } from './errors.ts';
import { openBackup } from './read-backup.ts';
import { listFiles } from './source/list-files.ts';
import type { DataSource } from './types.ts';

/** What a backup will need on the disk of its folder, by what is there now and how the one before packed. */
export interface BackupEstimate {
  /** The zip. */
  readonly zipBytes: number;
  /** Copies of databases, which lie beside it until it is done. */
  readonly copyBytes: number;
}

/** Headers and the line in the manifest that a file costs, packed or not. */
const BYTES_PER_FILE = 500;
/** Data does not pack the same twice. */
const MARGIN = 1.05;

const sizeOf = async (path: string): Promise<number> => {
  try {
    return (await stat(path)).size;
  } catch (error) {
    // A missing source is the backup's to report, with its own words.
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
};

/** What a source was, and became in the archive, in the backup before. */
interface Packing {
  plainBytes: number;
  packedBytes: number;
}

const packingIn = async (file: string | null): Promise<ReadonlyMap<string, Packing>> => {
  const found = new Map<string, Packing>();
  if (file === null) return found;
  try {
    await openBackup(file, async ({ files }) => {
      for (const { line, entry } of files) {
        const source = line.path.slice(0, line.path.indexOf('/'));
        const sum = found.get(source) ?? { plainBytes: 0, packedBytes: 0 };
        sum.plainBytes += entry.plainBytes;
        sum.packedBytes += entry.packedBytes;
        found.set(source, sum);
      }
    });
  } catch (error) {
    // It says only how data packs; that it is damaged is for its verification to find.
    if (!isBackupError(error)) throw error;
    found.clear();
  }
  return found;
};

/** A source that grew more than this is another one: what lies beyond is not expected to pack. */
const TRUSTED_GROWTH = 10;

const packed = (bytes: number, before: Packing | undefined): number => {
  if (before === undefined || before.plainBytes === 0) return bytes;
  const ratio = Math.min(1, (before.packedBytes / before.plainBytes) * MARGIN);
  const known = Math.min(bytes, before.plainBytes * TRUSTED_GROWTH);
  return known * ratio + (bytes - known);
};

/**
 * Estimates a backup from the sizes of its sources, and from how each of them packed in the backup before. What
 * has no size that could be looked up (the output of a command) counts as it was there. What is new is not
 * expected to pack.
 *
 * @param before the newest backup of the same data; null where there is none
 * @throws BackupError `source-refused`, as the backup itself would
 */
export const estimateBackup = async (
  sources: readonly DataSource[],
  before: string | null,
  signal?: AbortSignal,
): Promise<BackupEstimate> => {
  const packing = await packingIn(before);
  let zipBytes = BYTES_PER_FILE;
  let copyBytes = 0;
  for (const source of sources) {
    const known = packing.get(source.name);
    let plain = known?.plainBytes ?? 0;
    let files = 1;
    if (source.type === 'files') {
      const { items } = await listFiles(source, signal);
      plain = 0;
      for (const item of items) if (item.type === 'file') plain += item.size;
      files = items.length;
    } else if (source.type === 'sqlite') {
      plain = (await sizeOf(source.path)) + (await sizeOf(`${source.path}-wal`));
      copyBytes += plain;
    }
    zipBytes += Math.ceil(packed(plain, known)) + files * BYTES_PER_FILE;
  }
  return { zipBytes, copyBytes };
};
