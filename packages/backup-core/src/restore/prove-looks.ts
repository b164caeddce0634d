import { lstatSync, type Stats } from 'node:fs';
import type { Manifest, ManifestEntry } from '../manifest.ts';
import { bytePath, bytesOf, joinPath, shownPath } from '../source/byte-path.ts';
import { folderLooks, type StoredLooks } from './folder-looks.ts';

/** Disks keep times in steps of up to 2 s (FAT); what a copy makes of a time is off by more. */
const TIME_STEP_MS = 2000;

/** Looks of what was restored that are not as they were. */
export interface LooksProof {
  /** Of a file or link whose content is the same. */
  line(line: ManifestEntry, path: Buffer, shown: string): void;
  /** Of all folders. */
  folders(): void;
  /** A sentence each. */
  readonly notes: readonly string[];
}

const octal = (mode: number): string => mode.toString(8).padStart(3, '0');

/**
 * Looks whether mode, owner and time came back. They are no reason to keep a service down: a disk that knows no owners, or
 * a user who can't give them, was known before, and is told.
 */
export const looksProof = (manifest: Manifest, name: string, root: string): LooksProof => {
  const source = manifest.sources.find((one) => one.name === name);
  const notes: string[] = [];
  const owner = (shown: string, { uid, gid }: Stats, line: Omit<StoredLooks, 'mode'>): void => {
    if (source?.uid === undefined || source.gid === undefined) return;
    const [wantedUid, wantedGid] = [line.uid ?? source.uid, line.gid ?? source.gid];
    if (uid !== wantedUid || gid !== wantedGid)
      notes.push(`${shown}: owner ${uid}:${gid}, ${wantedUid}:${wantedGid} in the backup`);
  };
  const mode = (shown: string, stat: Stats, wanted: number): void => {
    if ((stat.mode & 0o7777) !== wanted)
      notes.push(`${shown}: mode ${octal(stat.mode & 0o7777)}, ${octal(wanted)} in the backup`);
  };
  return {
    notes,
    line: (line, path, shown) => {
      if (process.platform === 'win32') return;
      // At once: it was read a moment ago, and the service is stopped.
      const stat = lstatSync(path);
      owner(shown, stat, line);
      if (line.type !== 'file') return;
      mode(shown, stat, line.mode);
      if (Math.abs(stat.mtimeMs - Date.parse(line.mtime)) > TIME_STEP_MS)
        notes.push(`${shown}: time ${stat.mtime.toISOString()}, ${line.mtime} in the backup`);
    },
    folders: () => {
      if (process.platform === 'win32') return;
      for (const [path, looks] of folderLooks(manifest, name)) {
        const stat = lstatSync(
          bytesOf(path === '' ? bytePath(root) : joinPath(bytePath(root), path)),
        );
        const shown = `${name}/${shownPath(path)}`;
        owner(shown, stat, looks);
        mode(shown, stat, looks.mode);
      }
    },
  };
};
