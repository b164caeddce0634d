import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBackupName } from './backup-name.ts';
import { refuseDanglingLink } from './dangling-link.ts';
import { systemCode, throwUnreadable } from './errors.ts';
import { bytewise } from './manifest.ts';
import { SIDECAR_SUFFIX } from './sidecar.ts';

/** A backup as its name and the folder tell it; nothing in it was read. */
export interface BackupListing {
  readonly file: string;
  readonly name: string;
  /** Unix epoch, ms. */
  readonly at: number;
  readonly env: string;
  readonly tag: string | null;
  readonly bytes: number;
  readonly hasSidecar: boolean;
}

/**
 * The backups in a folder, newest first; none where the folder does not exist.
 *
 * @throws BackupError `unreadable`
 */
export const listBackups = async (dir: string): Promise<BackupListing[]> => {
  const names = await readdir(dir).catch(async (error: unknown): Promise<string[]> => {
    if (systemCode(error) !== 'ENOENT') return throwUnreadable(dir)(error);
    await refuseDanglingLink(dir);
    return [];
  });
  const present = new Set(names);
  const found: BackupListing[] = [];
  for (const name of names) {
    const parsed = parseBackupName(name);
    if (parsed === null) continue;
    const file = join(dir, name);
    const bytes = await sizeOf(file);
    if (bytes === null) continue;
    const { atMs: at, env, tag } = parsed;
    found.push({ file, name, at, env, tag, bytes, hasSidecar: present.has(name + SIDECAR_SUFFIX) });
  }
  return found.sort((a, b) => b.at - a.at || bytewise(b.name, a.name));
};

/** Null for what is gone meanwhile, or no file. */
const sizeOf = async (file: string): Promise<number | null> => {
  try {
    const facts = await stat(file);
    return facts.isFile() ? facts.size : null;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    return throwUnreadable(file)(error);
  }
};
