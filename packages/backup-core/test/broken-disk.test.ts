import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { type BackupReport, isBackupError, verifyBackup } from '../src/index.ts';
import { faultMatrix } from './support/fault-matrix.ts';
import { backUpSample, makeSample, noise, type Sample } from './support/sample.ts';
import { backUpUnderStrace, type Injection } from './support/strace.ts';

/** Later than the sample was written, so that the second backup takes over what the first packed. */
const FIRST_MS = Date.now() + 3_600_000;
const HOUR_MS = 3_600_000;
const matrix = faultMatrix('disks that fail, fill up or may not be written');

interface Older {
  readonly sample: Sample;
  readonly first: BackupReport;
  /** Fails where the older backup is not as it was, or something lies there that must not. */
  check(): Promise<void>;
}

const withOlder = async (root: string): Promise<Older> => {
  const sample = await makeSample(root);
  const first = await backUpSample(sample, { now: () => FIRST_MS });
  const bytes = await readFile(first.file);
  return {
    sample,
    first,
    check: async () => {
      expect((await readFile(first.file)).equals(bytes)).toBe(true);
      const names = await readdir(sample.dir);
      expect(names.filter((name) => name.startsWith('.'))).toEqual([]);
      for (const name of names)
        if (/^dhash_.*\.zip$/.test(name)) await verifyBackup(join(sample.dir, name));
    },
  };
};

/** The sample, its backups on a tmpfs of `size`; only root can make one. */
const onSmallDisk = async (size: string): Promise<Older & { readonly disk: string }> => {
  const root = await tempFolder();
  const disk = join(root, 'backups');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', disk]);
  });
  return { ...(await withOlder(root)), disk };
};

const failureOf = async (backup: Promise<unknown>): Promise<unknown> =>
  backup.then(
    () => null,
    (error: unknown) => error,
  );

it('says that the disk is full, however far it came, and keeps the older backups', async () => {
  const { sample, disk, check } = await onSmallDisk('2m');
  const filler = join(disk, 'filler');
  let failed = 0;
  // From no free page up to where everything fits.
  for (let freePages = 0; ; freePages += 2) {
    const done = await matrix.try(async () => {
      await rm(filler, { force: true });
      const { bavail, bsize } = await statfs(disk);
      await writeFile(filler, Buffer.alloc((bavail - freePages) * bsize));
      const error = await failureOf(
        backUpSample(sample, { now: () => FIRST_MS + HOUR_MS + freePages * 1000, rehash: true }),
      );
      await check();
      if (error === null) return true;
      expect(isBackupError(error) && error.code, String(error)).toBe('write-failed');
      expect(String(error)).toMatch(/ENOSPC|full/);
      return false;
    });
    if (done) break;
    failed += 1;
  }
  expect(failed).toBeGreaterThan(10);
});

it('says that the folder can only be read, and keeps the older backups', async () => {
  const { sample, disk, check } = await onSmallDisk('2m');
  execFileSync('mount', ['-o', 'remount,ro', disk]);
  await matrix.try(async () => {
    const error = await failureOf(backUpSample(sample, { now: () => FIRST_MS + HOUR_MS }));
    expect(isBackupError(error) && error.code).toBe('write-failed');
    expect(String(error)).toContain('EROFS');
    await check();
  });
});

// Calls that a backup changes the disk by; SQLite's are among them, for its copy of the database.
it.each(['pwrite64,pwritev,pwritev2', 'fsync,fdatasync', 'link,linkat', 'openat'])(
  'says that the disk is broken when any %s fails, and keeps the older backups',
  { timeout: 300_000 },
  async (calls) => {
    const { sample, check, first } = await withOlder(await tempFolder());
    const onlyThere = calls === 'openat' ? { path: sample.dir } : {};
    let failed = 0;
    for (let when = 1; ; when++) {
      const injection: Injection = { calls, fault: 'error=EIO', when: `${when}`, ...onlyThere };
      const end = await matrix.try(async () => {
        const end = backUpUnderStrace(sample, FIRST_MS + HOUR_MS, injection);
        await check();
        if (end?.end === 'error') {
          // The log and index of the live database are written too, to read it.
          const isLive = end.message.includes(sample.library);
          // The folder is listed before anything is written.
          const isListing = end.message.includes(`${sample.dir} can't be read: EIO`);
          const code = isListing ? 'unreadable' : 'write-failed';
          expect(end).toMatchObject({ code: isLive ? 'source-refused' : code });
          expect(end.message).toMatch(/EIO|disk I\/O error|unable to open/);
        } else expect(end).toMatchObject({ end: 'backup', incomplete: [] });
        return end?.end;
      });
      if (end === 'error') failed += 1;
      const names = (await readdir(sample.dir)).filter(
        (name) => !name.startsWith(basename(first.file)),
      );
      if (end === 'backup' && names.some((name) => name.endsWith('.state.json'))) break;
      for (const name of names) await rm(join(sample.dir, name));
    }
    expect(failed).toBeGreaterThan(0);
  },
);

it('names a file that the disk does not give back, and makes no backup without it', async () => {
  const { sample, check } = await withOlder(await tempFolder());
  const path = join(sample.images, 'cards', 'king.jpg');
  await writeFile(path, noise(80_000, 5));
  await matrix.try(async () => {
    const injection = { calls: 'pread64,read', fault: 'error=EIO', when: '1+', path };
    const end = backUpUnderStrace(sample, FIRST_MS + HOUR_MS, injection);
    expect(end).toMatchObject({
      end: 'backup',
      incomplete: [expect.stringMatching(/^images\/cards\/king\.jpg: EIO/)],
    });
    await check();
  });
});

it('says which database the disk does not give back', async () => {
  const { sample, check } = await withOlder(await tempFolder());
  for (const when of ['1', '2', '1+', '2+'])
    await matrix.try(async () => {
      const injection = { calls: 'pread64', fault: 'error=EIO', when, path: sample.library };
      const end = backUpUnderStrace(sample, FIRST_MS + HOUR_MS, injection);
      expect(end).toMatchObject({ end: 'error', code: 'source-refused' });
      expect(JSON.stringify(end)).toContain('library');
      await check();
    });
});

it('reads everything where the disk does not give the previous backup back', async () => {
  const { sample, first, check } = await withOlder(await tempFolder());
  for (const when of ['1', '2', '4', '12', '14', '1+'])
    await matrix.try(async () => {
      const injection = { calls: 'pread64', fault: 'error=EIO', when, path: first.file };
      const end = backUpUnderStrace(sample, FIRST_MS + HOUR_MS, injection);
      expect(end).toMatchObject({ end: 'backup', incomplete: [] });
      await check();
      for (const name of await readdir(sample.dir))
        if (!name.startsWith(basename(first.file))) await rm(join(sample.dir, name));
    });
});

it('holds the whole state of later where a folder is deleted while it is read', async () => {
  const { sample, check } = await withOlder(await tempFolder());
  await writeFile(join(sample.images, 'a.bin'), noise(9 * 2 ** 20));
  await mkdir(join(sample.images, 'z', 'deep'), { recursive: true });
  await writeFile(join(sample.images, 'z', 'deep', 'gone.bin'), noise(9 * 2 ** 20));
  await matrix.try(async () => {
    let gone: Promise<void> | undefined;
    const { file, incomplete, manifest } = await backUpSample(sample, {
      now: () => FIRST_MS + HOUR_MS,
      onProgress: ({ phase, entry }) => {
        if (phase === 'write' && entry === 'images/a.bin')
          gone ??= rm(join(sample.images, 'z'), { recursive: true });
      },
    });
    await gone;
    expect(incomplete).toEqual([]);
    expect(manifest.entries.filter(({ path }) => path.startsWith('images/z'))).toEqual([]);
    await verifyBackup(file);
    await check();
  });
});

it('says so where the folder of the backups is deleted under it', async () => {
  const sample = await makeSample(await tempFolder());
  await matrix.try(async () => {
    let gone: Promise<void> | undefined;
    const error = await failureOf(
      backUpSample(sample, {
        onProgress: ({ phase }) => {
          if (phase === 'write') gone ??= rm(sample.dir, { recursive: true });
        },
      }),
    );
    await gone;
    expect(isBackupError(error) && error.code).toBe('write-failed');
    expect(await readdir(sample.root)).toEqual(['live']);
  });
});
