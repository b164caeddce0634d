import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { writeProof } from '@dhash/backup-core';
import { expect, it } from 'vitest';
import { filesProject } from './files-project.ts';

const day = (number: number): string => `2026-03-${String(number).padStart(2, '0')}T12:00:00Z`;
const env = ['--env', 'production'];

/** Leaves the proof that a drill of this very zip would leave. */
const prove = async (file: string, at: string): Promise<void> =>
  writeProof(file, {
    format: 1,
    sha256: (await readFile(`${file}.sha256`, 'utf8')).slice(0, 64),
    contentRoot: 'a'.repeat(64),
    service: 'notes',
    env: 'production',
    at,
    tool: { name: '@dhash/rollout', version: '0.0.0' },
    started: null,
    notLoaded: [],
    checks: [],
    phases: [],
    totalMs: 1,
  });

it('prints the path of the newest complete backup, and nothing else on stdout', async () => {
  const project = await filesProject();
  const none = await project.run(day(1), 'backup', ...env, '--latest');
  expect(none).toMatchObject({ exit: 1, out: '' });
  expect(none.err).toContain('there is no backup of production');
  const first = await project.backUp(day(1));
  const second = await project.backUp(day(2));
  await writeFile(join(project.backups, 'dhash_20990101T000000Z_production.zip'), 'x');
  expect(await project.run(day(2), 'backup', ...env, '--latest')).toEqual({
    exit: 0,
    out: `backups/${second}\n`,
    err: '',
  });
  await rm(join(project.backups, 'dhash_20990101T000000Z_production.zip'));
  await rm(join(project.backups, `${second}.sha256`));
  expect((await project.run(day(2), 'backup', ...env, '--latest')).out).toBe(`backups/${first}\n`);
  await project.files(1);
  const shrunken = await project.backUp(day(3));
  const flagged = await project.run(day(3), 'backup', ...env, '--latest');
  expect(flagged.out).toBe(`backups/${shrunken}\n`);
  expect(flagged.err).toContain('it shrank');
  const events = await project.events(day(3), 'backup', ...env, '--latest');
  expect(events).toEqual([
    expect.objectContaining({ type: 'result', file: join(project.backups, shrunken) }),
  ]);
});

it('says what is in a backup, without its rollout.yaml', async () => {
  const project = await filesProject();
  const name = await project.backUp(day(1), '--tag', 'nightly');
  const file = join(project.backups, name);
  const provenAt = '2026-03-01T13:00:00.000Z';
  await prove(file, provenAt);
  await rm(join(project.root, 'rollout.yaml'));
  const { exit, out } = await project.run(day(2), 'backup', '--show', `backups/${name}`);
  expect(exit).toBe(0);
  expect(out).toMatch(/^service +notes production$/m);
  expect(out).toMatch(/^made +2026-03-01T12:00:00.000Z, tag nightly$/m);
  expect(out).toMatch(/^release +1\.0$/m);
  expect(out).toMatch(/^made by +@dhash\/rollout .*Node 24.*zlib/m);
  expect(out).toMatch(/^verified +2026-03-01T12:00:00.000Z$/m);
  expect(out).toMatch(/^proven +2026-03-01T13:00:00.000Z, recovery took 1 ms$/m);
  expect(out).toMatch(/^files +files +10 +10\.0 kB +-$/m);
  expect(out).toMatch(/^notes +sqlite +1 +8\.2 kB +10$/m);
  const last = (await project.events(day(2), 'backup', '--show', `backups/${name}`)).at(-1);
  expect(last).toMatchObject({ service: 'notes', complete: true, flags: [], provenAt });
});

it('shows and lists a pair that was copied here without anything else', async () => {
  const project = await filesProject();
  const name = await project.backUp(day(1));
  const elsewhere = join(project.root, 'elsewhere');
  await mkdir(elsewhere);
  for (const suffix of ['', '.sha256'])
    await writeFile(
      join(elsewhere, name + suffix),
      await readFile(join(project.backups, name + suffix)),
    );
  const { exit, out } = await project.run(day(2), 'backup', '--show', `elsewhere/${name}`);
  expect(exit).toBe(0);
  expect(out).toMatch(/^verified +not on record$/m);
  expect(out).toMatch(/^flags +not verified since it was made$/m);
});

it('lists a thousand backups as a table without opening one', async () => {
  const project = await filesProject();
  const name = await project.backUp(day(1));
  const file = join(project.backups, name);
  const summary = await readFile(`${file}.summary.json`, 'utf8');
  const sidecar = await readFile(`${file}.sha256`, 'utf8');
  for (let i = 0; i < 1000; i += 1) {
    const at = new Date(Date.UTC(2025, 0, 1) + i * 3_600_000).toISOString();
    const stamp = at.slice(0, 19).replace(/[-:]/g, '');
    const copy = join(project.backups, `dhash_${stamp}Z_production.zip`);
    // No zip: whoever opens it says so.
    await writeFile(copy, 'not opened');
    await writeFile(`${copy}.sha256`, sidecar.replace(name, `dhash_${stamp}Z_production.zip`));
    await writeFile(`${copy}.summary.json`, summary);
  }
  const [newest] = (await readdir(project.backups)).filter((each) => each.endsWith('.zip')).sort();
  const copies = { format: 1, copies: [{ to: 'rclone:a:b' }, { to: 'rclone:c:d' }] };
  await writeFile(join(project.backups, `${newest}.copies.json`), JSON.stringify(copies));
  await prove(join(project.backups, `${newest}`), '2026-01-01T00:00:00Z');
  const { out } = await project.run(day(2), 'backup', ...env, '--list');
  const lines = out.trimEnd().split('\n');
  expect(lines).toHaveLength(1002);
  expect(lines[0]).toMatch(/^when \(UTC\) +env +tag +size +entries +proven +copies +file$/);
  expect(lines.at(-1)).toMatch(
    /^2025-01-01 00:00:00 +production +- +10 B +11 +2026-01-01 in 1 ms +2 +backups\/dhash_20250101T000000Z_production\.zip$/,
  );
  expect(out).not.toContain('cannot be read');
});

it('brings one thing of the latest backup back, into a folder of its own', async () => {
  const project = await filesProject();
  await project.backUp(day(1));
  project.rows(3);
  const ran = await project.run(day(2), 'restore', ...env, '--only', 'notes', '--to', 'look');
  expect(ran).toMatchObject({ exit: 0 });
  const db = new DatabaseSync(join(project.root, 'look', 'notes.db'), { readOnly: true });
  expect(db.prepare('SELECT count(*) AS rows FROM notes').get()).toEqual({ rows: 10 });
  db.close();
  const again = await project.run(day(2), 'restore', ...env, '--only', 'notes', '--to', 'look');
  expect(again).toMatchObject({ exit: 1, out: '' });
  expect(again.err).toContain('is there already');
  const missing = await project.run(day(2), 'restore', ...env, '--only', 'notes/x', '--to', 'look');
  expect(missing).toMatchObject({ exit: 2 });
  await symlink(join(project.root, 'data'), join(project.root, 'link'));
  for (const live of ['data/files', 'data/files/new/one', 'link/files'])
    expect(
      await project.run(day(2), 'restore', ...env, '--only', 'notes', '--to', live),
    ).toMatchObject({
      exit: 2,
      err: expect.stringMatching(/lies inside live data, files of production \(/),
    });
  expect(await readdir(join(project.root, 'data', 'files'))).toHaveLength(10);
  const nowhere = await project.run(day(2), 'restore', '--only', 'notes', '--to', 'other');
  expect(nowhere).toMatchObject({ exit: 2, err: expect.stringContaining('--backup FILE') });
});

it.each([
  ['--latest', '--list'],
  ['--show', 'x.zip', '--prune'],
  ['--accept-shrink', 'x.zip', '--dry-run'],
])('refuses %s with another such option', async (...flags) => {
  const project = await filesProject();
  const ran = await project.run(day(1), 'backup', ...env, ...flags);
  expect(ran).toMatchObject({ exit: 2, err: expect.stringContaining('cannot be used with') });
});

it('refuses a tag beside --prune', async () => {
  const project = await filesProject();
  const ran = await project.run(day(1), 'backup', ...env, '--prune', '--tag', 'x');
  expect(ran).toMatchObject({ exit: 2, err: expect.stringContaining('cannot be used with') });
});

it.each([
  [['backup', ...env, '--scratch', '.'], '--scratch says something of --drill FILE only'],
  [['backup', ...env, '--reason', 'x'], '--reason says something of --accept-shrink FILE only'],
  [['restore', ...env, '--only', 'notes', '--to', ''], "'--to <folder>' argument '' is invalid"],
  [['backup', '--verify', ''], 'is a shell variable not set?'],
  [['backup', ...env, '--env', 'staging', '--list'], "It was given before, as 'production'."],
])('does nothing where options are unclear: %j', async (argv, why) => {
  const project = await filesProject();
  const before = await readdir(project.root);
  const ran = await project.run(day(1), ...argv);
  expect(ran).toMatchObject({ exit: 2, out: '', err: expect.stringContaining(why) });
  expect(await readdir(project.root)).toEqual(before);
});

it.each([
  ['--verify', ['backup', '--verify']],
  ['--show', ['backup', '--show']],
  ['restore', ['restore', '--only', 'notes', '--to', 'look', '--backup']],
])('%s refuses a backup of another environment than --env', async (_, argv) => {
  const project = await filesProject();
  const name = await project.backUp(day(1));
  const ran = await project.run(day(2), ...argv, `backups/${name}`, '--env', 'staging');
  expect(ran).toMatchObject({
    exit: 8,
    err: expect.stringContaining('is a backup of the environment "production", not of "staging"'),
  });
  expect(await readdir(project.root)).not.toContain('look');
});
