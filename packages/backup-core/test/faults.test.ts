import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import {
  isBackupError,
  listBackups,
  proveRestored,
  stageRestore,
  swapIn,
  verifyBackup,
} from '../src/index.ts';
import { faultyDisk } from './support/faulty-disk.ts';
import { AT_MS, backUpSample, makeSample, noise } from './support/sample.ts';

/** What the system says of a disk that is full, broken or not ours to write. */
const fault = (code: 'ENOSPC' | 'EIO' | 'EROFS') =>
  Object.assign(new Error(`${code}: injected`), { code, errno: -1, syscall: 'write' });

it.each(['ENOSPC', 'EIO', 'EROFS'] as const)(
  'leaves older backups as they were and nothing else when any change fails with %s',
  async (code) => {
    const sample = await makeSample(await tempFolder());
    const older = await backUpSample(sample, { now: () => AT_MS - 3_600_000 });
    const bytes = await readFile(older.file);
    const before = (await readdir(sample.dir)).sort();
    for (let failAt = 1; ; failAt++) {
      let failed = '';
      const disk = faultyDisk((count, call) => {
        // Clean-up must be possible: what fails is what makes, not what takes away.
        if (count !== failAt || call === 'rm' || call === 'unlink') return;
        failed = call;
        throw fault(code);
      });
      const result = await backUpSample(sample, { disk, rehash: true }).then(
        () => null,
        (error: unknown) => error,
      );
      expect((await readFile(older.file)).equals(bytes)).toBe(true);
      const names = (await readdir(sample.dir)).sort();
      expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
      if (result === null) {
        for (const { file } of await listBackups(sample.dir)) await verifyBackup(file);
        break;
      }
      // A fsync of the folder may fail after the name is there: then the backup is whole all the same.
      expect(isBackupError(result) && result.code).toBe('write-failed');
      if (names.length === before.length) expect(names).toEqual(before);
      else {
        for (const { file } of await listBackups(sample.dir)) await verifyBackup(file);
        break;
      }
      expect(failed).not.toBe('');
    }
  },
);

it('leaves nothing beside the live data when staging fails', async () => {
  const sample = await makeSample(await tempFolder());
  const { file } = await backUpSample(sample);
  const live = join(sample.root, 'live');
  const before = await readdir(live);
  for (let failAt = 1; failAt < 200; failAt++) {
    let reached = false;
    const disk = faultyDisk((count, call) => {
      if (count !== failAt) return;
      reached = true;
      if (call !== 'rm') throw fault('ENOSPC');
    });
    const targets = sample.sources;
    const done = await stageRestore(file, { id: 'a', targets, disk }).then(
      () => true,
      () => false,
    );
    if (!reached) {
      expect(done && failAt > 15).toBe(true);
      return;
    }
    if (!done) expect(await readdir(live)).toEqual(before);
  }
  throw new Error('it never came to its end');
});

/** Each changes the data while a file before it is read. */
const changes: readonly {
  readonly what: string;
  readonly change: (images: string) => Promise<void>;
  readonly added: readonly string[];
}[] = [
  { what: 'a deleted file', change: (images) => rm(join(images, 'gone.bin')), added: [] },
  {
    what: 'a file that a writer renamed into its place',
    change: (images) => rename(join(images, 'gone.bin'), join(images, 'b', 'whole.bin')),
    added: ['b/whole.bin'],
  },
  {
    what: 'a folder where a file was',
    change: async (images) => {
      await rm(join(images, 'gone.bin'));
      await mkdir(join(images, 'gone.bin'));
      await writeFile(join(images, 'gone.bin', 'inside'), 'new');
    },
    added: ['gone.bin/inside'],
  },
];

it.each(changes)('takes what came since it listed: $what', async ({ change, added }) => {
  const sample = await makeSample(await tempFolder());
  for (const folder of ['a', 'b']) await mkdir(join(sample.images, folder));
  await writeFile(join(sample.images, 'a', 'large.bin'), noise(9 * 2 ** 20));
  await writeFile(join(sample.images, 'gone.bin'), noise(9 * 2 ** 20));
  let changed: Promise<void> | undefined;
  const { file, incomplete, manifest } = await backUpSample(sample, {
    onProgress: ({ phase, entry }) => {
      if (phase === 'write' && entry === 'images/a/large.bin') changed ??= change(sample.images);
    },
  });
  await changed;
  expect(incomplete).toEqual([]);
  await verifyBackup(file);
  const { targets } = await stageRestore(file, { id: 'a', targets: sample.sources });
  await swapIn(targets);
  await proveRestored(manifest, sample.sources);
  const paths = manifest.entries.filter(({ type }) => type === 'file').map(({ path }) => path);
  expect(paths).not.toContain('images/gone.bin');
  const live = await readdir(sample.images, { recursive: true });
  expect(live).toEqual(expect.arrayContaining([...added]));
});
