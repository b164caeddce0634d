import { execFileSync } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { type Disk, realDisk } from '../src/disk.ts';
import {
  acceptShrink,
  createBackup,
  listBackups,
  restorePart,
  stageRestore,
  surveyBackups,
  verifyBackup,
  withScratch,
} from '../src/index.ts';
import { faultyDisk } from './support/faulty-disk.ts';
import { backUpSample, backupOptions, makeSample } from './support/sample.ts';

const setUp = async () => {
  const root = await tempFolder();
  const sample = await makeSample(root);
  const report = await backUpSample(sample);
  return { root, sample, report };
};

/** What a system call throws that is refused. */
const refused = (code: string, text: string): NodeJS.ErrnoException =>
  Object.assign(new Error(`${code}: ${text}, open '/far/away/.dhash-1.part'`), {
    code,
    syscall: 'open',
  });

it('names a sidecar that can not be read, and lists the other backups', async () => {
  const { root, sample, report } = await setUp();
  await rm(report.sidecar);
  await mkdir(report.sidecar);
  await expect(verifyBackup(report.file)).rejects.toMatchObject({
    code: 'unreadable',
    message: `${report.sidecar} can't be read: EISDIR: illegal operation on a directory (a file is expected where a folder is)`,
  });
  const [one] = await surveyBackups(sample.dir, {
    service: 'dhash',
    env: 'production',
    maxShrink: 1,
  });
  expect(one?.unusable).toContain('cannot be read');
  expect(await readdir(root)).toContain('backups');
});

it('says that the folder of backups is no folder', async () => {
  const root = await tempFolder();
  const dir = join(root, 'backups');
  await writeFile(dir, '');
  const no = {
    code: 'unreadable',
    message: expect.stringMatching(
      /backups can't be read: ENOTDIR: .*\(a folder is expected where a file is\)$/,
    ),
  };
  await expect(listBackups(dir)).rejects.toMatchObject(no);
  await expect(withScratch({ dir, now: 0 }, async () => 'ran')).rejects.toMatchObject(no);
});

it('refuses a file as the folder to restore to, and a backup that is not there to be accepted', async () => {
  const { root, report } = await setUp();
  await writeFile(join(root, 'file'), '');
  for (const to of [join(root, 'file'), join(root, 'file', 'below')])
    await expect(restorePart(report.file, { only: 'images', to })).rejects.toMatchObject({
      code: 'unreadable',
      message: `${to} can't be read: ENOTDIR: not a directory (a folder is expected where a file is)`,
    });
  const accepted = { at: '2026-01-31T12:00:00.000Z', by: 'ana', reason: null };
  await expect(acceptShrink(join(root, 'none.zip'), accepted)).rejects.toMatchObject({
    code: 'not-found',
    message: `${join(root, 'none.zip')} does not exist`,
  });
});

it('says who has no right to write, where root may be nobody', async () => {
  const { root, sample, report } = await setUp();
  const who = process.getuid?.() === 0 ? /squashes root/ : /run as the user who owns it/;
  const deny = () => Promise.reject(refused('EACCES', 'permission denied'));
  const disk: Disk = { ...realDisk, open: deny, mkdir: deny };
  const backup = createBackup(backupOptions(sample, { disk: { ...disk, mkdir: realDisk.mkdir } }));
  await expect(backup).rejects.toMatchObject({
    code: 'write-failed',
    message: expect.stringMatching(who),
  });
  await expect(backup).rejects.not.toThrow(/\.part/);
  const to = join(root, 'look');
  const part = restorePart(report.file, { only: 'images', to, disk });
  await expect(part).rejects.toMatchObject({
    code: 'write-failed',
    message: expect.stringMatching(`^${to} can't be written to: EACCES`),
  });
});

it('says that a disk filled up in the middle of a restore, and leaves nothing', async () => {
  const { root, sample, report } = await setUp();
  const disk = faultyDisk((_, call) => {
    if (call.startsWith('write')) throw refused('ENOSPC', 'no space left on device');
  });
  const to = join(root, 'look');
  await expect(restorePart(report.file, { only: 'images', to, disk })).rejects.toMatchObject({
    code: 'write-failed',
    message: `${to} can't be written to: ENOSPC: no space left on device`,
  });
  const staged = stageRestore(report.file, { id: 'try', targets: sample.sources, disk });
  await expect(staged).rejects.toMatchObject({
    code: 'write-failed',
    message: expect.stringContaining('ENOSPC: no space left on device. Nothing live was touched'),
  });
  const left = await readdir(root, { recursive: true });
  expect(left.filter((name) => name.includes('.dhash'))).toEqual([]);
  expect(left).not.toContain('look');
});

it('says what a database in WAL mode needs where its folder can only be read', async () => {
  const { root, sample } = await setUp();
  const folder = join(root, 'snapshot');
  await mkdir(folder);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
  });
  const path = join(folder, 'library.db');
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE cards (name TEXT)');
  db.close();
  execFileSync('mount', ['-o', 'remount,ro', folder]);
  const backup = backUpSample(sample, { sources: [{ name: 'library', type: 'sqlite', path }] });
  await expect(backup).rejects.toMatchObject({
    code: 'source-refused',
    message: expect.stringContaining(
      'To read a database in WAL mode, SQLite writes into its folder: run as the user of the service',
    ),
  });
});
