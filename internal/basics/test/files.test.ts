import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../src/folders.ts';
import { type FileDisk, replaceFile, writeNewFile } from '../src/replace-file.ts';

const nodeDisk: FileDisk = { open, mkdir, rename, rm };

/** The disk's calls by name, in their order. */
const watchedDisk = (root: string, failing: Partial<FileDisk> = {}) => {
  const calls: string[] = [];
  const told =
    <A extends [string | Buffer, ...unknown[]], R>(name: string, call: (...args: A) => R) =>
    (...args: A): R => {
      calls.push(`${name} ${String(args[0]).replace(root, '') || '/'}`);
      return call(...args);
    };
  const disk: FileDisk = { ...nodeDisk, ...failing };
  return {
    calls,
    disk: {
      open: told('open', disk.open),
      mkdir: told('mkdir', disk.mkdir),
      rename: told('rename', disk.rename),
      rm: told('rm', disk.rm),
    } satisfies FileDisk,
  };
};

describe('makeFolder', () => {
  it('makes the name of each new folder durable, and nothing where all are there', async () => {
    const root = await tempFolder();
    const { calls, disk } = watchedDisk(root);
    const made: string[] = [];
    const onMade = async (folder: string, wasThere: string) => {
      made.push(`${folder.replace(root, '')} in ${wasThere.replace(root, '/')}`);
    };
    await makeFolder(join(root, 'a/b'), { disk, onMade });
    expect(calls).toEqual(['mkdir /a/b', 'open /a', 'open /']);
    expect(made).toEqual(['/a/b in /', '/a in /']);
    await makeFolder(join(root, 'a/b'), { disk, onMade });
    expect(calls.slice(3)).toEqual(['mkdir /a/b']);
  });
});

it('syncs names as it is told to, where it is told', async () => {
  const root = await tempFolder();
  const synced: string[] = [];
  const syncNames = async (folder: string) => {
    synced.push(folder.replace(root, '') || '/');
  };
  await makeFolder(join(root, 'a/b'), { syncNames });
  await replaceFile(join(root, 'a/f'), join(root, 'a/part'), 'new', { syncNames });
  expect(synced).toEqual(['/a', '/', '/a']);
});

describe('replaceFile', () => {
  it('writes beside, renames, and makes the name durable', async () => {
    const root = await tempFolder();
    const file = join(root, 'f');
    await writeFile(file, 'old');
    const { calls, disk } = watchedDisk(root);
    await replaceFile(file, join(root, 'part'), ['ne', 'w'], { disk });
    expect(await readFile(file, 'utf8')).toBe('new');
    expect(calls).toEqual(['open /part', 'rename /part', 'open /']);
  });

  it.each([
    [
      'a disk that is full while the content is prepared',
      {
        prepare: async () => {
          throw new Error('ENOSPC');
        },
      },
    ],
    [
      'a name that can not be given',
      {
        disk: {
          ...nodeDisk,
          rename: async () => {
            throw new Error('EIO');
          },
        },
      },
    ],
  ])('leaves the old file, and no part of the new one: %s', async (_why, options) => {
    const root = await tempFolder();
    const file = join(root, 'f');
    await writeFile(file, 'old');
    await expect(replaceFile(file, join(root, 'part'), 'new', options)).rejects.toThrow(/^E/);
    expect(await readFile(file, 'utf8')).toBe('old');
    expect(await readdir(root)).toEqual(['f']);
  });

  it("never takes a name that is somebody else's", async () => {
    const root = await tempFolder();
    const file = join(root, 'f');
    await writeFile(file, 'old');
    await expect(writeNewFile(file, 'new')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readFile(file, 'utf8')).toBe('old');
  });
});
