import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBackupName } from '../backup-name.ts';
import { realDisk, syncFolder } from '../disk.ts';
import { BackupError } from '../errors.ts';
import { rescueNameOf } from '../rescue/render-rescue.ts';
import type { DiskOption } from '../types.ts';
import type { PrunePlan } from './plan-prune.ts';

/**
 * Removes what a plan removes: each zip first, then the files beside it, so that no zip is ever without its
 * sidecar. Returns the names of the zips removed. An abort ends it between two backups.
 *
 * @throws BackupError `bad-option` for a plan that names something other than a backup
 */
export const applyPrune = async (
  dir: string,
  plan: Pick<PrunePlan, 'remove'>,
  { disk = realDisk, signal }: DiskOption & { readonly signal?: AbortSignal } = {},
): Promise<string[]> => {
  for (const { name } of plan.remove)
    if (parseBackupName(name) === null || name.includes('/') || name.includes('\\'))
      throw new BackupError('bad-option', `${JSON.stringify(name)} is not the name of a backup`);
  const removed: string[] = [];
  for (const { name } of plan.remove) {
    signal?.throwIfAborted();
    await disk.rm(join(dir, name), { recursive: false, force: true });
    await syncFolder(disk, dir);
    for (const beside of (await readdir(dir)).filter(
      (other) => other.startsWith(`${name}.`) || other === rescueNameOf(name),
    ))
      await disk.rm(join(dir, beside), { recursive: false, force: true });
    removed.push(name);
  }
  if (removed.length > 0) await syncFolder(disk, dir);
  return removed;
};
