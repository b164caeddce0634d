import { mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { filesProject } from './files-project.ts';

const day = '2026-03-01T12:00:00Z';
const gates =
  '{"environments":{"production":{"duration":1,"qualityGates":{"healthFailures":{"threshold":2}}}}}';
const env = ['--env', 'production'];

it.each([
  ['a backup', ['backup', ...env]],
  ['--list', ['backup', ...env, '--list']],
  ['--latest', ['backup', ...env, '--latest']],
  ['--prune', ['backup', ...env, '--prune']],
])('%s says that the folder of backups is none, and changes nothing', async (_, argv) => {
  const project = await filesProject();
  await writeFile(project.backups, 'x');
  const before = await readdir(project.root, { recursive: true });
  expect(await project.run(day, ...argv)).toMatchObject({
    exit: 1,
    out: '',
    err: expect.stringMatching(/backups.* can't be read: ENOTDIR: .*a folder is expected/),
  });
  expect(await readdir(project.root, { recursive: true })).toEqual(before);
});

it.each([
  ['a backup', ['backup', ...env]],
  ['--list', ['backup', ...env, '--list']],
  ['--latest', ['backup', ...env, '--latest']],
  ['--prune', ['backup', ...env, '--prune']],
])('%s says that the folder of backups is a link that leads nowhere', async (_, argv) => {
  const project = await filesProject();
  await symlink('/mnt/not-mounted/backups', project.backups);
  expect(await project.run(day, ...argv)).toMatchObject({
    exit: 1,
    out: '',
    err: expect.stringMatching(
      /backups is a link to \/mnt\/not-mounted\/backups, which is not there: mount/,
    ),
  });
});

it('is one finding of doctor among the others', async () => {
  const project = await filesProject();
  await writeFile(project.backups, 'x');
  await writeFile(join(project.root, 'gates.json'), gates);
  const { exit, out } = await project.run(day, 'doctor', ...env);
  expect(exit).toBe(1);
  expect(out).toMatch(/PROBLEM backups: backups cannot be written: ENOTDIR/);
  expect(out).toMatch(/PROBLEM backups: .*backups can't be read: ENOTDIR/);
  expect(out).toMatch(/records: 0 of 0 chains verified/);

  await rm(project.backups);
  await symlink('/mnt/not-mounted', project.backups);
  const looked = await project.run(day, 'doctor', ...env);
  expect(looked).toMatchObject({ exit: 1 });
  expect(looked.out).toMatch(/PROBLEM backups: .*backups is a link to \/mnt\/not-mounted, which/);
});

it('backs up beside a backup whose sidecar can not be read, and lists it as such', async () => {
  const project = await filesProject();
  const name = await project.backUp(day);
  await rm(join(project.backups, `${name}.sha256`));
  await mkdir(join(project.backups, `${name}.sha256`));
  expect(await project.run(day, 'backup', '--verify', `backups/${name}`)).toMatchObject({
    exit: 1,
    err: expect.stringContaining(`${name}.sha256 can't be read: EISDIR`),
  });
  await project.backUp('2026-03-02T12:00:00Z');
  const { out } = await project.run('2026-03-02T12:00:00Z', 'backup', ...env, '--list');
  expect(out).toContain('cannot be read (');
});

it('says that --scratch is a file, and that rclone is not there', async () => {
  const project = await filesProject({ backup: '{ copies: [{ to: "rclone:far:shop" }] }' });
  const path = process.env['PATH'];
  onTestFinished(() => {
    process.env['PATH'] = path;
  });
  // The shell's own programs, and no rclone.
  await symlink('/bin/cat', join(project.root, 'cat'));
  await symlink('/bin/sh', join(project.root, 'sh'));
  process.env['PATH'] = project.root;
  const taken = await project.run(day, 'backup', ...env);
  expect(taken).toMatchObject({ exit: 0, out: expect.stringContaining('rclone is not there') });
  process.env['PATH'] = path;
  const [name = ''] = (await readdir(project.backups)).filter((each) => each.endsWith('.zip'));
  const drilled = ['backup', '--drill', `backups/${name}`, '--scratch', 'release'];
  expect(await project.run(day, ...drilled)).toMatchObject({
    exit: 1,
    err: expect.stringMatching(/release can't be read: ENOTDIR/),
  });
});

it.each(['', '/below'])('refuses to restore into a file%s', async (below) => {
  const project = await filesProject();
  await project.backUp(day);
  const argv = ['restore', ...env, '--only', 'notes', '--to', `release${below}`];
  expect(await project.run(day, ...argv)).toMatchObject({
    exit: 1,
    err: expect.stringContaining('a folder is expected where a file is'),
  });
});
