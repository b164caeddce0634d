import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Traced, tempFolder, traceDisk } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { backUpSample, makeSample } from './support/sample.ts';

const worker = (name: string) => fileURLToPath(new URL(`./support/${name}.ts`, import.meta.url));

/** What a kill can't show: a file whose bytes are only in memory when it has its name is torn after a power failure. */
const expectDurable = ({ named, unsyncedFolders }: Traced) => {
  expect(named.filter(({ unsynced }) => unsynced.length > 0)).toEqual([]);
  expect(unsyncedFolders).toEqual([]);
};

it('what a backup publishes is on the disk before it has its name, and the name before the end', async () => {
  const sample = await makeSample(await tempFolder());
  const traced = await traceDisk(sample.root, [
    worker('faulted-worker'),
    JSON.stringify(sample),
    String(Date.now()),
  ]);
  expect(JSON.parse(traced.stdout)).toMatchObject({ end: 'backup' });
  const kinds = traced.named.map(({ to }) => to.replace(/^.*_production\.zip/, 'zip')).sort();
  expect(kinds).toEqual([
    expect.stringMatching(/rescue\.sh$/),
    'zip',
    'zip.sha256',
    'zip.state.json',
  ]);
  expectDurable(traced);
  // The folder of the backups is new. The log of a live database is not ours.
  const [said] = traced.told;
  expect(said?.unsynced.filter((path) => !path.startsWith(join(sample.root, 'live')))).toEqual([]);
});

it('what a restore puts in place is on the disk before, all that lies in it too', async () => {
  const sample = await makeSample(await tempFolder());
  const { file } = await backUpSample(sample);
  const traced = await traceDisk(sample.root, [
    worker('restoring-worker'),
    file,
    JSON.stringify(sample),
  ]);
  expect(traced.named.map(({ to }) => to)).toEqual(
    expect.arrayContaining([sample.images, sample.library]),
  );
  expectDurable(traced);
});
