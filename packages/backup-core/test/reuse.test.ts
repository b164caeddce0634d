import { execFileSync } from 'node:child_process';
import {
  appendFile,
  copyFile,
  open,
  readFile,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { hasTool, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { type BackupOptions, type BackupReport, verifyBackup } from '../src/index.ts';
import { openBackup } from '../src/read-backup.ts';
import { backUpSample, makeSample, noise, type Sample } from './support/sample.ts';

/** After everything that the test wrote: what is newer than the previous backup is read again. */
const LATER_MS = Date.now() + 3_600_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Backs up at a number of hours after LATER_MS, and verifies. */
const backUpAt = async (
  sample: Sample,
  hours: number,
  changes: Partial<BackupOptions> = {},
): Promise<BackupReport> => {
  const report = await backUpSample(sample, {
    now: () => LATER_MS + hours * 3_600_000,
    ...changes,
  });
  await verifyBackup(report.file);
  return report;
};

const makeLarge = async (): Promise<Sample> => {
  const sample = await makeSample(await tempFolder());
  await writeFile(join(sample.images, 'large.json'), 'text that shrinks, '.repeat(600_000));
  await writeFile(join(sample.images, 'large.bin'), noise(9 * 2 ** 20));
  return sample;
};

it('takes over what did not change, and gives the bytes that a full backup gives', async () => {
  const sample = await makeLarge();
  const first = await backUpAt(sample, 0);
  const second = await backUpAt(sample, 1);
  const full = await backUpAt(sample, 2, { rehash: true });
  expect(first.reused).toEqual({ files: 0, chunks: 0 });
  expect(second.reused).toEqual({ files: 7, chunks: 0 });
  expect(full.reused).toEqual({ files: 0, chunks: 0 });
  expect(new Set([first.sha256, second.sha256, full.sha256]).size).toBe(1);
});

it('takes over the chunks of a large file that it only grew by, and of a database', async () => {
  const sample = await makeLarge();
  const db = new DatabaseSync(sample.library);
  db.exec(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000) INSERT INTO hashes (hash) SELECT printf('%0300d', i) FROM n",
  );
  await backUpAt(sample, 0);
  await appendFile(join(sample.images, 'large.json'), 'and more');
  db.exec("INSERT INTO hashes (hash) VALUES ('one more')");
  db.close();
  const second = await backUpAt(sample, 1);
  // 10.9 MiB: ten whole chunks, and the last that grew; the database is about 12 MiB.
  expect(second.reused.chunks).toBeGreaterThanOrEqual(10 + 8);
  const full = await backUpAt(sample, 2, { rehash: true });
  expect(second.sha256).toBe(full.sha256);
});

it.each([
  { what: 'another content', spoil: (file: string) => writeFile(file, 'other') },
  { what: 'another time', spoil: (file: string) => utimes(file, 1, 1) },
  {
    what: 'another file of the same name',
    spoil: async (file: string) => {
      const bytes = await readFile(file);
      await writeFile(`${file}.new`, bytes);
      await rm(file);
      await writeFile(file, bytes);
      await rm(`${file}.new`);
    },
  },
])('reads a file again that is $what', async ({ spoil }) => {
  const sample = await makeLarge();
  await backUpAt(sample, 0);
  await spoil(join(sample.images, 'umläut.txt'));
  expect((await backUpAt(sample, 1)).reused.files).toBe(6);
});

it('trusts no file that is as new as the backup before', async () => {
  const sample = await makeLarge();
  const early = { now: () => Date.now() };
  await backUpSample(sample, { now: () => Date.now() - 60_000 });
  expect((await backUpSample(sample, early)).reused.files).toBe(0);
});

it('reads everything again after a week', async () => {
  const sample = await makeLarge();
  await backUpAt(sample, 0);
  const within = await backUpAt(sample, (6 * DAY_MS) / 3_600_000);
  expect(within.reused.files).toBe(7);
  // The week counts from the last full reading, not from the last backup.
  expect((await backUpAt(sample, (7 * DAY_MS) / 3_600_000)).reused.files).toBe(0);
});

it('does not hand on what rotted in the previous backup', async () => {
  const sample = await makeLarge();
  const first = await backUpAt(sample, 0);
  const bytes = await readFile(first.file);
  // Byte 5,000 of the first data is inside large.bin or king.jpg: both are stored.
  const at = bytes.indexOf(noise(70_000).subarray(0, 64)) + 5000;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(first.file, bytes);
  const second = await backUpAt(sample, 1);
  expect(second.reused.files).toBeLessThan(7);
  expect(second.reused.files).toBeGreaterThan(2);
  expect(second.sha256).toBe(first.sha256);
});

/** Without the database, where a test is about files alone. */
const onlyFiles = (sample: Sample): Sample => ({
  ...sample,
  sources: sample.sources.filter(({ type }) => type === 'files'),
});

/** Flips a bit of the packed bytes of a file in a backup, in one of its chunks where it has any. */
const rot = async (zip: string, path: string, chunk = 0): Promise<void> => {
  const at = await openBackup(zip, async ({ files }) => {
    const found = [...files].find(({ line }) => line.path === path);
    if (found === undefined) throw new Error(`the backup has no ${path}`);
    const before = found.line.chunks?.slice(0, chunk) ?? [];
    return before.reduce((sum, { packedBytes }) => sum + packedBytes, found.entry.dataAt) + 100;
  });
  const handle = await open(zip, 'r+');
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
  await handle.write(Buffer.of((buffer[0] ?? 0) ^ 1), 0, 1, at);
  await handle.close();
};

it.each([
  { what: 'stored bytes', path: 'images/large.bin', reused: { files: 5, chunks: 0 } },
  // Eleven chunks: the other ten are as good as they were.
  { what: 'first chunk', path: 'images/large.json', reused: { files: 5, chunks: 10 } },
  { what: 'last chunk', path: 'images/large.json', chunk: 10, reused: { files: 5, chunks: 10 } },
])('packs a large unchanged file anew whose $what rotted', async ({ path, chunk, reused }) => {
  const sample = onlyFiles(await makeLarge());
  const first = await backUpAt(sample, 0);
  await rot(first.file, path, chunk);
  const second = await backUpAt(sample, 1);
  expect(second.reused).toEqual(reused);
  expect(second.sha256).toBe(first.sha256);
});

it('packs a chunk anew that rotted in the previous backup, and takes over the others', async () => {
  const sample = onlyFiles(await makeLarge());
  const first = await backUpAt(sample, 0);
  await appendFile(join(sample.images, 'large.json'), 'and more');
  await rot(first.file, 'images/large.json', 4);
  const second = await backUpAt(sample, 1);
  expect(second.reused).toEqual({ files: 5, chunks: 9 });
  expect(second.sha256).toBe((await backUpAt(sample, 2, { rehash: true })).sha256);
});

const CHUNK_BYTES = 2 ** 20;
/** What deflate finds again in the 32 KiB before a chunk, and nowhere else. */
const echo = noise(8192);

/** Ten chunks; the sixth begins with what the fifth ends with. */
const makeChunks = async (): Promise<{ sample: Sample; file: string }> => {
  const sample = onlyFiles(await makeSample(await tempFolder()));
  const content = Buffer.alloc(10 * CHUNK_BYTES, 'text that shrinks, ');
  for (const at of [5 * CHUNK_BYTES - echo.length, 5 * CHUNK_BYTES]) echo.copy(content, at);
  const file = join(sample.images, 'chunks.json');
  await writeFile(file, content);
  return { sample, file };
};

it.each<{ what: string; chunks: number; change: (file: string) => unknown }>([
  {
    what: 'whose dictionary, the end of the chunk before, changed',
    chunks: 8,
    change: async (file) => {
      const handle = await open(file, 'r+');
      await handle.write(noise(echo.length, 2), 0, echo.length, 5 * CHUNK_BYTES - echo.length);
      await handle.close();
    },
  },
  { what: 'that is not the last any more', chunks: 9, change: (file) => appendFile(file, 'more') },
  { what: 'that is the last now', chunks: 8, change: (file) => truncate(file, 9 * CHUNK_BYTES) },
])('packs an unchanged chunk anew $what', async ({ chunks, change }) => {
  const { sample, file } = await makeChunks();
  await backUpAt(sample, 0);
  await change(file);
  const second = await backUpAt(sample, 1);
  expect(second.reused.chunks).toBe(chunks);
  expect(second.sha256).toBe((await backUpAt(sample, 2, { rehash: true })).sha256);
  if (hasTool('unzip')) execFileSync('unzip', ['-tq', second.file]);
});

it.each([
  { what: 'service', changes: { service: 'other' } },
  { what: 'environment', changes: { env: 'staging' } },
])('takes nothing over from a backup of another $what', async ({ changes }) => {
  const sample = await makeSample(await tempFolder());
  await backUpAt(sample, 0);
  const other = await backUpAt(sample, 1, changes);
  expect(other.reused).toEqual({ files: 0, chunks: 0 });
});

it('takes nothing over from a backup whose state was written for another one', async () => {
  const sample = await makeSample(await tempFolder());
  const old = await backUpAt(sample, 0);
  await writeFile(join(sample.images, 'umläut.txt'), 'y');
  const second = await backUpAt(sample, 1);
  // Each file is as its state says, and has another content in the zip.
  await copyFile(old.file, second.file);
  const third = await backUpAt(sample, 2);
  expect(third.reused.files).toBe(0);
  expect(third.sha256).toBe(second.sha256);
});

it.each([
  { what: 'its state is gone', spoil: (file: string) => rm(`${file}.state.json`) },
  { what: 'its state is damaged', spoil: (file: string) => writeFile(`${file}.state.json`, '{') },
  { what: 'it is no backup any more', spoil: (file: string) => writeFile(file, 'x') },
])('reads everything where the previous backup can not help: $what', async ({ spoil }) => {
  const sample = await makeLarge();
  const first = await backUpAt(sample, 0);
  await spoil(first.file);
  const second = await backUpAt(sample, 1);
  expect(second.reused).toEqual({ files: 0, chunks: 0 });
  expect(second.sha256).toBe(first.sha256);
});
