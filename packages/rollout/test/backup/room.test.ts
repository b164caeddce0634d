import { execFileSync } from 'node:child_process';
import { mkdir, readdir, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyBackup } from '@dhash/backup-core';
import { expect, it, onTestFinished } from 'vitest';
import { type FilesProject, filesProject } from './files-project.ts';

const day = (number: number): string => `2026-03-${String(number).padStart(2, '0')}T12:00:00Z`;
const MB = 1_000_000;

/** A project whose backups lie on a disk of 8 MB of their own: a tmpfs, for which a test has to be root. */
const onSmallDisk = async (backup = '{ dir: disk/backups }'): Promise<FilesProject> => {
  const project = await filesProject({ backup });
  const disk = join(project.root, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', disk]);
  });
  return project;
};

/** Bytes that nothing packs. */
const noise = (project: FilesProject, name: string, megabytes: number): Promise<void> =>
  writeFile(
    join(project.root, name),
    execFileSync('head', ['-c', String(megabytes * MB), '/dev/urandom'], { maxBuffer: 64 * MB }),
  );

const left = async (project: FilesProject): Promise<string[]> =>
  (await readdir(join(project.root, 'disk', 'backups'))).sort();

it('says what it needs and what is free before it writes anything', async () => {
  const project = await onSmallDisk();
  await noise(project, 'data/files/noise', 12);
  const ran = await project.run(day(1), 'backup', '--env', 'production');
  expect(ran).toMatchObject({ exit: 1, out: '' });
  expect(ran.err).toMatch(/needs 12\.0 MB, 8\.4 MB free in .*disk\/backups: nothing was written/);
  expect(await readdir(join(project.root, 'disk'))).toEqual([]);
  const last = (await project.events(day(1), 'backup', '--env', 'production')).at(-1);
  expect(last).toMatchObject({ exit: 1, error: 'no-space' });
});

it('expects what packed before to pack again', async () => {
  const project = await onSmallDisk();
  await project.files(4, 4 * MB);
  // 16 MB of text that nothing is known of might not pack.
  expect((await project.run(day(1), 'backup', '--env', 'production')).exit).toBe(1);
  await project.files(1, 4 * MB);
  await project.backUp(day(1));
  await project.files(4, 4 * MB);
  expect((await project.run(day(2), 'backup', '--env', 'production')).exit).toBe(0);
});

it('leaves the old backups and nothing else where the disk fills all the same', async () => {
  const project = await onSmallDisk();
  await project.files(3, 2 * MB);
  const good = await project.backUp(day(1));
  const before = await left(project);
  // As large as before, and nothing of it packs: no estimate sees that.
  await project.files(0);
  await noise(project, 'data/files/noise', 12);
  const ran = await project.run(day(2), 'backup', '--env', 'production');
  expect(ran).toMatchObject({ exit: 1, out: '' });
  expect(ran.err).toMatch(/could not be written to .*ENOSPC.* No backup was changed or added/);
  expect(await left(project)).toEqual(before);
  await verifyBackup(join(project.root, 'disk', 'backups', good));
});

it('keeps minFree of the disk free, the oldest first', async () => {
  const project = await onSmallDisk('{ dir: disk/backups, minFree: 50% }');
  await project.files(0);
  await noise(project, 'data/files/noise', 1.2);
  for (let number = 1; number <= 5; number += 1) await project.backUp(day(number));
  const zips = (await left(project)).filter((name) => name.endsWith('.zip'));
  expect(zips).toEqual([3, 4, 5].map((number) => `dhash_2026030${number}T120000Z_production.zip`));
  const { bavail, blocks } = await statfs(join(project.root, 'disk'));
  expect(bavail / blocks).toBeGreaterThanOrEqual(0.5);
});

it('restores nothing into a folder that has no room for it', async () => {
  const project = await onSmallDisk('{ dir: backups }');
  await noise(project, 'data/files/noise', 12);
  await project.backUp(day(1));
  const ran = await project.run(
    day(1),
    'restore',
    '--env',
    'production',
    '--only',
    'files',
    '--to',
    'disk/new',
  );
  expect(ran).toMatchObject({ exit: 1, err: expect.stringContaining('nothing was written') });
  expect(await readdir(join(project.root, 'disk'))).toEqual([]);
});
