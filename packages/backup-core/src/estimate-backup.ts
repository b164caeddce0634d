import { stat } from 'node:fs/promises';
import { systemCode } from './errors.ts';
import { listFiles } from './source/list-files.ts';
import type { DataSource } from './types.ts';

/** What a backup will need on the disk of its folder, by what is there now and how the one before packed. */
export interface BackupEstimate {
  /** The zip. */
  readonly zipBytes: number;
  /** Copies of databases, which lie beside it until it is done. */
  readonly copyBytes: number;
}

/** What the backup before this one tells. */
export interface PackedBefore {
  /** Size of its zip. */
  readonly zipBytes: number;
  readonly totalBytes: number;
  readonly sources: readonly { readonly name: string; readonly bytes: number }[];
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

/**
 * Estimates a backup from the sizes of its sources. What has no size that could be looked up (the output of a
 * command) counts as in the backup before. Without one before, nothing is expected to pack.
 *
 * @throws BackupError `source-refused`, as the backup itself would
 */
export const estimateBackup = async (
  sources: readonly DataSource[],
  before: PackedBefore | null,
  signal?: AbortSignal,
): Promise<BackupEstimate> => {
  let plain = 0;
  let copyBytes = 0;
  let files = 1;
  for (const source of sources) {
    const known = before?.sources.find(({ name }) => name === source.name)?.bytes ?? 0;
    files += 1;
    if (source.type === 'files') {
      const { items } = await listFiles(source, signal);
      for (const item of items) plain += item.type === 'file' ? item.size : 0;
      files += items.length;
    } else if (source.type === 'sqlite') {
      const size = (await sizeOf(source.path)) + (await sizeOf(`${source.path}-wal`));
      plain += size;
      copyBytes += size;
    } else plain += known;
  }
  const ratio =
    before === null || before.totalBytes === 0
      ? 1
      : Math.min(1, (before.zipBytes / before.totalBytes) * MARGIN);
  return { zipBytes: Math.ceil(plain * ratio) + files * BYTES_PER_FILE, copyBytes };
};
