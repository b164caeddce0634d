import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { holdsAny } from './canary.ts';
import type { Searched } from './ledger.ts';

/** Read at once, bytes. */
const chunkBytes = 1 << 20;

/**
 * What a test may leave, bytes. A sparse file of terabytes is quickly made and never read to its end:
 * its test removes it.
 */
const largestBytes = 2 ** 30;

/** A configuration with the address in it, and the files that `urlFile` and `NAME_FILE` name. */
const isByDesign = (file: string): boolean =>
  basename(file) === 'rollout.yaml' || file.endsWith('.secret');

const longestOf = (forms: readonly Buffer[]): number =>
  Math.max(...forms.map(({ length }) => length));

const fileHolds = (file: string, forms: readonly Buffer[], buffer: Buffer): boolean => {
  const longest = longestOf(forms);
  const handle = openSync(file, 'r');
  try {
    let kept = 0;
    for (;;) {
      const read = readSync(handle, buffer, kept, chunkBytes, null);
      if (read === 0) return false;
      const bytes = buffer.subarray(0, kept + read);
      if (holdsAny(bytes, forms)) return true;
      // One that lies across two chunks is found in the second.
      kept = Math.min(longest, bytes.length);
      bytes.copyWithin(0, bytes.length - kept);
    }
  } finally {
    closeSync(handle);
  }
};

/** Searches every file under `folder`, their names too. */
export const searchFolder = (folder: string, forms: readonly Buffer[]): Searched => {
  let files = 0;
  let byDesign = 0;
  const found: string[] = [];
  // One for all: a test may leave a hundred thousand files.
  const buffer = Buffer.alloc(chunkBytes + longestOf(forms));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    if (holdsAny(Buffer.from(entry.name), forms)) found.push(`the name of ${entry.parentPath}/…`);
    if (!entry.isFile()) continue;
    files++;
    try {
      if (statSync(file).size > largestBytes) {
        found.push(`${file} is too large to be searched: its test has to remove it`);
        continue;
      }
      if (!fileHolds(file, forms, buffer)) continue;
    } catch (error) {
      // Made unreadable or removed by its test: it can't be looked into, and says so.
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (error.code !== 'ENOENT') found.push(`${file} can't be searched (${error.code})`);
      continue;
    }
    if (isByDesign(file)) byDesign++;
    else found.push(file);
  }
  return { files, byDesign, found };
};
