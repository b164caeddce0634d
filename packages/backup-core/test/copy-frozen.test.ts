import { appendFileSync, closeSync, openSync, truncateSync, writeSync } from 'node:fs';
import { open, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { copyFrozen } from '../src/source/copy-frozen.ts';
import { factsOf } from '../src/stat-facts.ts';
import { noise } from './support/sample.ts';

/** Two pieces and a half. */
const BYTES = 2.5 * 2 ** 20;
const content = noise(BYTES);

/** Copies a file, and does something to it when the first piece of it was read. */
const copyWhile = async (meddle: (path: string) => void, bytes = BYTES) => {
  const root = await tempFolder();
  const path = join(root, 'live.db');
  const to = join(root, 'copy');
  await writeFile(path, content);
  // Long ago: what is written now has another time.
  await utimes(path, 1000, 1000);
  await writeFile(to, '');
  const from = await open(path, 'r');
  onTestFinished(() => from.close());
  let pieces = 0;
  const result = await copyFrozen({
    from,
    facts: factsOf(await stat(path, { bigint: true })),
    bytes,
    to,
    onBytes: () => {
      pieces += 1;
      if (pieces === 1) meddle(path);
    },
    asUnreadable: (error) => new Error('not readable', { cause: error }),
  });
  return { result, copy: await readFile(to) };
};

it.each([
  ['as long as its pages', BYTES],
  ['longer than its pages', 2 ** 20],
])('copies a file that is %s', async (_, bytes) => {
  const { result, copy } = await copyWhile(() => undefined, bytes);
  expect(result).toBe('copied');
  expect(copy.equals(content.subarray(0, bytes))).toBe(true);
});

it.each<{ what: string; meddle: (path: string) => void; bytes?: number }>([
  {
    what: 'was written to without a lock, and is as long as it was',
    meddle: (path) => {
      const file = openSync(path, 'r+');
      writeSync(file, 'of another moment', BYTES - 100);
      closeSync(file);
    },
  },
  { what: 'grew', meddle: (path) => appendFileSync(path, 'more') },
  { what: 'was cut off', meddle: (path) => truncateSync(path, 2 ** 20) },
  { what: 'is shorter than its pages', meddle: () => undefined, bytes: BYTES + 1 },
])('leaves an empty copy of a file that $what', async ({ meddle, bytes }) => {
  const { result, copy } = await copyWhile(meddle, bytes);
  expect(result).toBe('changed');
  expect(copy).toHaveLength(0);
});
