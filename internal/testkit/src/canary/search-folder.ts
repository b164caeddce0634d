import { closeSync, type Dirent, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
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

const fileHolds = (file: Buffer, forms: readonly Buffer[], buffer: Buffer): boolean => {
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

const isGone = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

const folderOf = (path: Buffer): string => path.subarray(0, path.lastIndexOf('/')).toString();

/** Everything under a folder, by the bytes of its path: a name need not be UTF-8. */
function* entriesUnder(folder: Buffer): Generator<{ path: Buffer; entry: Dirent<Buffer> }> {
  let entries: Dirent<Buffer>[];
  try {
    entries = readdirSync(folder, { withFileTypes: true, encoding: 'buffer' });
  } catch (error) {
    // What a command began and no longer waits for may tidy up beside us.
    if (isGone(error)) return;
    throw error;
  }
  for (const entry of entries) {
    const path = Buffer.concat([folder, Buffer.from('/'), entry.name]);
    yield { path, entry };
    if (entry.isDirectory()) yield* entriesUnder(path);
  }
}

/** Searches every file under `folder`, their names too. */
export const searchFolder = (folder: string, forms: readonly Buffer[]): Searched => {
  let files = 0;
  let byDesign = 0;
  const found: string[] = [];
  // One for all: a test may leave a hundred thousand files.
  const buffer = Buffer.alloc(chunkBytes + longestOf(forms));
  for (const { path, entry } of entriesUnder(Buffer.from(folder))) {
    const file = path.toString();
    if (holdsAny(entry.name, forms)) found.push(`the name of ${folderOf(path)}/…`);
    if (!entry.isFile()) continue;
    files++;
    try {
      if (statSync(path).size > largestBytes) {
        found.push(`${file} is too large to be searched: its test has to remove it`);
        continue;
      }
      if (!fileHolds(path, forms, buffer)) continue;
    } catch (error) {
      // Made unreadable or removed by its test: it can't be looked into, and says so.
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (!isGone(error)) found.push(`${file} can't be searched (${error.code})`);
      continue;
    }
    if (isByDesign(file)) byDesign++;
    else found.push(file);
  }
  return { files, byDesign, found };
};
