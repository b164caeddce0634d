import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { afterAll, expect, it } from 'vitest';
import { BackupError } from '../src/index.ts';
import { openFile } from '../src/zip/close-reads.ts';
import { type ArchiveEntry, readArchive } from '../src/zip/read-archive.ts';
import { readEntry } from '../src/zip/read-entry.ts';
import { hostile, legal } from './support/hostile-archives.ts';
import { rawZip } from './support/zip-bytes.ts';

/** Structure and data of an archive, as verification reads them. */
const readAll = async (bytes: Buffer): Promise<Map<string, Buffer>> => {
  const file = join(await tempFolder(), 'a.zip');
  await writeFile(file, bytes);
  const handle = await open(file, 'r');
  try {
    const opened = openFile(file, handle, bytes.length);
    const contents = new Map<string, Buffer>();
    for (const entry of await readArchive(opened))
      contents.set(entry.name, await plain(opened, entry));
    return contents;
  } finally {
    await handle.close();
  }
};

const plain = async (opened: Parameters<typeof readEntry>[0], entry: ArchiveEntry) => {
  const parts: Buffer[] = [];
  for await (const part of readEntry(opened, entry, { sha256: '' })) parts.push(part);
  return Buffer.concat(parts);
};

it.each(legal)('reads $what', async ({ archive }) => {
  const contents = await readAll(rawZip(archive));
  expect([...contents.keys()]).toEqual(archive.entries.map(({ name }) => name));
});

let refused = 0;

it.each(hostile)('refuses $what', async ({ bytes, rule, says }) => {
  const made = Buffer.isBuffer(bytes) ? bytes : rawZip(bytes);
  const error = await readAll(made).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(BackupError);
  expect(error).toMatchObject({
    code: 'bad-archive',
    rule,
    message: expect.stringContaining(says),
  });
  refused += 1;
});

afterAll(() => {
  console.log(`corpus of hostile archives: ${refused} of ${hostile.length} refused`);
});
