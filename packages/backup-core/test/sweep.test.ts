import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { realDisk } from '../src/disk.ts';
import { sweepLeftovers } from '../src/work-files.ts';

const ZIP = 'dhash_20260131T120000Z_production.zip';
/** Of a process that can't be. */
const KILLED = `.dhash-${2 ** 22 + 1}-0123456789ab.part`;

it('takes a sidecar away whose zip never came', async () => {
  const dir = await tempFolder();
  await writeFile(join(dir, `${ZIP}.sha256`), '');
  expect(await sweepLeftovers(realDisk, dir, Date.now())).toEqual([`${ZIP}.sha256`]);
  expect(await readdir(dir)).toEqual([]);
});

it('leaves all alone while the run that it may belong to lives, but not for ever', async () => {
  const dir = await tempFolder();
  const names = [`.dhash-${process.ppid}-0123456789ab.part`, `${ZIP}.sha256`];
  for (const name of names) await writeFile(join(dir, name), '');
  // That run may be between its sidecar and its zip.
  expect(await sweepLeftovers(realDisk, dir, Date.now())).toEqual([]);
  expect((await readdir(dir)).sort()).toEqual(names);
  // The number is another program's by then.
  const nextDay = Date.now() + 25 * 60 * 60 * 1000;
  expect(await sweepLeftovers(realDisk, dir, nextDay)).toEqual(names);
  expect(await readdir(dir)).toEqual([]);
});

it('leaves one alone whose zip got its name after the folder was listed', async () => {
  const dir = await tempFolder();
  for (const name of [KILLED, `${ZIP}.sha256`]) await writeFile(join(dir, name), '');
  // Another backup ends between the look and the removal.
  const disk = {
    ...realDisk,
    rm: async (...args: Parameters<typeof realDisk.rm>) => {
      await writeFile(join(dir, ZIP), '');
      return realDisk.rm(...args);
    },
  };
  expect(await sweepLeftovers(disk, dir, Date.now())).toEqual([KILLED]);
  expect((await readdir(dir)).sort()).toEqual([ZIP, `${ZIP}.sha256`]);
});
