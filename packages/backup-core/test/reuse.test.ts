import { appendFile, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { type BackupOptions, type BackupReport, verifyBackup } from '../src/index.ts';
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
