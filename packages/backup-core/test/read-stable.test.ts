import { lstat, mkdir, rename, symlink, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { readStable } from '../src/source/read-stable.ts';

/** Long ago, and a whole number of seconds: what a test sets back is the same to the nanosecond. */
const OLD_SECONDS = 1_000_000;

const setUp = async () => {
  const root = await tempFolder();
  const folder = join(root, 'live');
  await mkdir(folder);
  const file = join(folder, 'a.txt');
  await writeFile(file, 'before');
  await utimes(file, OLD_SECONDS, OLD_SECONDS);
  return { root, folder, file };
};

/** Reads a file once, as a small one is read: a byte more than there should be. */
const readOnce = (path: string, meanwhile: () => Promise<unknown> = async () => undefined) =>
  readStable(Buffer.from(path), { retryDelaysMs: [] }, async ({ stat, read }) => {
    const content = await read(0, Number(stat.size) + 1);
    await meanwhile();
    return { value: content.toString(), bytes: content.length };
  });

it('reads a file that nobody touches', async () => {
  const { file } = await setUp();
  expect(await readOnce(file)).toBe('before');
});

it.each<{ what: string; change: (at: Awaited<ReturnType<typeof setUp>>) => Promise<unknown> }>([
  { what: 'got another size and time', change: ({ file }) => writeFile(file, 'after it') },
  {
    what: 'got as many other bytes, and its time set back',
    change: async ({ file }) => {
      const ctime = async () => (await lstat(file, { bigint: true })).ctimeNs;
      const before = await ctime();
      await writeFile(file, 'after!');
      // The clock of a filesystem may tick some milliseconds apart.
      do await utimes(file, OLD_SECONDS, OLD_SECONDS);
      while ((await ctime()) === before);
    },
  },
  {
    what: 'gave its name to another of as many bytes and the same time',
    change: async ({ root, file }) => {
      const other = join(root, 'other');
      await writeFile(other, 'after!');
      await utimes(other, OLD_SECONDS, OLD_SECONDS);
      await rename(other, file);
    },
  },
  {
    what: 'lies in a folder that was exchanged, and is itself as it was',
    change: async ({ root, folder, file }) => {
      await rename(folder, join(root, 'aside'));
      await mkdir(folder);
      await writeFile(file, 'after!');
      await utimes(file, OLD_SECONDS, OLD_SECONDS);
    },
  },
])('does not take a file for whole that $what', async ({ change }) => {
  const at = await setUp();
  await expect(readOnce(at.file, () => change(at))).rejects.toMatchObject({
    kind: 'changed',
    message: 'it changed each of the 1 times that it was read',
  });
});

it('does not take a file for whole that gives another number of bytes than the system says', async () => {
  // The system calls it a file of 0 bytes.
  await expect(readOnce('/proc/version')).rejects.toMatchObject({ kind: 'changed' });
});

it('opens nothing through a link that took the place of a file', async () => {
  const { root, file } = await setUp();
  await writeFile(join(root, 'secret'), 'secret');
  await unlink(file);
  await symlink('../secret', file);
  const opened: string[] = [];
  await expect(readOnce(file, async () => opened.push(file))).rejects.toMatchObject({
    kind: 'gone',
    message: expect.stringContaining('ELOOP'),
  });
  expect(opened).toEqual([]);
});
