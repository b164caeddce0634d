import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyBackup } from '@dhash/backup-core';
import { expect, it } from 'vitest';
import { startChild } from './child.ts';
import { expectExit, newestRun, promote } from './observe.ts';
import { makeProject } from './project.ts';

const production = ['--env', 'production'];

it('another backup over a rollback that died: what the first put aside is kept and named', async () => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  await project.writeNote();
  expectExit(await project.run('backup', ...production, '--tag', 'one'), 0);
  expectExit(await project.run('backup', ...production, '--tag', 'two'), 0);
  await project.writeNote();
  expect(project.notes()).toBe(2);
  const backups = (await readdir(join(project.root, 'backups'))).filter((name) =>
    name.endsWith('.zip'),
  );
  const named = (tag: string) =>
    join(project.root, 'backups', backups.find((name) => name.includes(`_${tag}.zip`)) ?? '');
  const died = startChild(
    project,
    ['rollback', ...production, '--backup', named('one'), '--json'],
    {
      TEST_KILL_AT: 'step.started:prove',
      TEST_HURRIED: '1',
    },
  );
  expect(await died.ended, died.out() + died.err()).toBe('SIGKILL');

  const ran = await project.run('rollback', ...production, '--backup', named('two'));
  expectExit(ran, 0);
  expect(ran.out).toContain('what an earlier rollback had put aside is kept');
  expect(project.notes()).toBe(1);
  const safety = join(project.root, 'backups', 'safety');
  const zips = (await readdir(safety)).filter((name) => name.endsWith('.zip'));
  const rows = await Promise.all(
    zips.map(async (name) => (await verifyBackup(join(safety, name))).manifest.sources),
  );
  // One of them holds the note that was written after the backups: nothing of it is lost.
  expect(JSON.stringify(rows)).toContain('"notes":2');
  const left = await readdir(join(project.root, 'data'), { recursive: true });
  expect(left.filter((name) => name.includes('.dhash-restore'))).toEqual([]);
});

it('a backup that somebody replaced by another one, its sidecar too, is not gone back to', async () => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  await promote(project, '1.1');
  const folder = join(project.root, 'backups');
  const taken =
    (await readdir(folder))
      .filter((name) => name.endsWith('.zip'))
      .sort()
      .at(-1) ?? '';
  await project.writeNote();
  expectExit(await project.run('backup', ...production, '--tag', 'other'), 0);
  const other = (await readdir(folder)).find((name) => name.endsWith('_other.zip')) ?? '';
  await copyFile(join(folder, other), join(folder, taken));
  const sidecar = await readFile(join(folder, `${other}.sha256`), 'utf8');
  await writeFile(join(folder, `${taken}.sha256`), sidecar.replace(other, taken));

  const ran = await project.run('rollback', ...production, '--backup', join(folder, taken));
  expectExit(ran, 8);
  expect(ran.err).toMatch(/is not the backup that run \S+-deploy\S* took: its record says SHA-256/);
  expect(project.notes()).toBe(1);
});

it('a secret that a command prints reaches neither the record nor the screen', async () => {
  const secret = 'CANARY0SECRET0VALUE';
  const url = `https://hooks.example.org/services/${secret}`;
  const project = await makeProject({
    yaml: (text) =>
      `${text}    notify: [hook]\nchannels:\n  hook: { type: webhook, url: "${url}", events: [test] }\n`,
  });
  await writeFile(
    join(project.root, 'artifacts', '1.0', 'start.sh'),
    `#!/bin/sh\necho "posting to ${url}"\nexit 3\n`,
  );
  const ran = await project.run('deploy', ...production, '--version', '1.0', '--verbose');
  expectExit(ran, 1);
  expect(ran.out + ran.err).toContain('posting to');
  expect(ran.out + ran.err).not.toContain(secret);
  const journal = await readFile(
    join(project.root, 'rollouts', await newestRun(project), 'journal.ndjson'),
    'utf8',
  );
  expect(journal).toContain('posting to');
  expect(journal).not.toContain(secret);
});
