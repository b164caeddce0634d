import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { createBackupWithin } from '../src/create-backup.ts';
import { verifyBackup } from '../src/index.ts';
import { FORMAT_LIMITS } from '../src/limits.ts';
import { renderManifest } from '../src/render-manifest.ts';
import { AT_MS, backUpSample, backupOptions, makeSample, type Sample } from './support/sample.ts';

/** Five files, and the manifest. */
const ENTRIES = 6;

const contentOf = async (folder: string): Promise<Map<string, string>> =>
  new Map(
    await Promise.all(
      (await readdir(folder)).map(
        async (name) => [name, await readFile(join(folder, name), 'latin1')] as const,
      ),
    ),
  );

const manifestBytes = async (sample: Sample): Promise<number> => {
  const { createdAt: _, ...stored } = (await backUpSample(sample, { sink: 'null' })).manifest;
  return Buffer.byteLength([...renderManifest(stored)].join(''));
};

it('makes a backup that is just within the limits of the reader', async () => {
  const sample = await makeSample(await tempFolder());
  const limits = { maxEntries: ENTRIES, maxManifestBytes: await manifestBytes(sample) };
  await verifyBackup((await createBackupWithin(limits, backupOptions(sample))).file);
});

it.each([
  {
    what: 'more entries',
    limits: async () => ({ ...FORMAT_LIMITS, maxEntries: ENTRIES - 1 }),
    says: 'the data has 5 files; a backup holds at most 4',
  },
  {
    what: 'a larger manifest',
    limits: async (sample: Sample) => ({
      ...FORMAT_LIMITS,
      maxManifestBytes: (await manifestBytes(sample)) - 1,
    }),
    says: /its manifest would have (\d+) bytes.*at most \d+/,
  },
])('publishes nothing with $what than the reader takes', async ({ limits, says }) => {
  const sample = await makeSample(await tempFolder());
  await backUpSample(sample);
  const bounds = await limits(sample);
  const before = await contentOf(sample.dir);
  for (const sink of ['file', 'null'] as const) {
    const options = backupOptions(sample, { sink, now: () => AT_MS + 60_000 });
    const attempt = createBackupWithin(bounds, options);
    await expect(attempt).rejects.toMatchObject({ name: 'BackupError', code: 'source-refused' });
    await expect(attempt).rejects.toThrow(says);
    await expect(attempt).rejects.toThrow('Leave something out with "exclude"');
    expect(await contentOf(sample.dir)).toEqual(before);
  }
});
