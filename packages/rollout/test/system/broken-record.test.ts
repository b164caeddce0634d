import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyJournal } from '@dhash/journal';
import { expect, it } from 'vitest';
import { expectExit, journalOf, newestRun, promote, resultOf } from './observe.ts';
import { makeProject } from './project.ts';

const production = ['--env', 'production'];

it('a record that was tampered with stops a deploy, and not an emergency rollback', async () => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  const run = await newestRun(project);
  const file = join('rollouts', run, 'journal.ndjson');
  const text = await project.read(file);
  await writeFile(join(project.root, file), text.replace('"first release"', '"some release"'));
  await project.writeNote();

  const history = expectExit(await project.run('history'), 0);
  expect(history.out).toMatch(new RegExp(`broken record +\\? +\\? +\\? +${run}`));
  const status = expectExit(await project.run('status'), 0);
  expect(status.out).toContain(`BROKEN    ${run}`);
  const doctor = expectExit(await project.run('doctor'), 8);
  expect(doctor.out).toMatch(new RegExp(`PROBLEM record of ${run}`));
  expectExit(await project.run('journal', 'verify', run), 8);

  const runs = await readdir(join(project.root, 'rollouts'));
  const deploy = expectExit(await project.run('deploy', ...production, '--version', '1.1'), 8);
  expect(deploy.err).toContain(
    join(project.root, 'app', '.rollout', 'runs', run, 'journal.ndjson'),
  );
  expect(await readdir(join(project.root, 'rollouts'))).toEqual(runs);

  const [backup = ''] = (await readdir(join(project.root, 'backups'))).filter((name) =>
    name.endsWith('.zip'),
  );
  const rollback = await project.run(
    ...['rollback', ...production, '--backup', join('backups', backup), '--json'],
  );
  expectExit(rollback, 0);
  expect(rollback.err).toContain(`the record of ${run} can't be relied on`);
  expect(rollback.err).toContain('goes on with a run of its own');
  expect(project.notes()).toBe(0);
  const own = String(resultOf(rollback.out)['run']);
  expect(own).not.toBe(run);
  expect(await verifyJournal(join(project.root, 'rollouts', own, 'journal.ndjson'))).toMatchObject({
    closed: true,
  });
  expect(await journalOf(project, own)).toContainEqual(
    expect.objectContaining({ type: 'record.broken', run }),
  );
});

it('a broken record that is older than the open deploy leaves its rollback on that deploy', async () => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  const old = await newestRun(project);
  expectExit(await project.run('deploy', ...production, '--version', '1.1'), 0);
  const open = resultOf((await project.run('status', '--json')).out)['run'];
  const file = join(project.root, 'rollouts', old, 'journal.ndjson');
  await writeFile(file, 'no journal at all\n');

  const backups = (await readdir(join(project.root, 'backups'))).sort();
  const backup = backups.findLast((name) => name.endsWith('.zip')) ?? '';
  const rollback = await project.run(
    ...['rollback', ...production, '--backup', join('backups', backup), '--json'],
  );
  expectExit(rollback, 0);
  expect(rollback.err).toContain(`the record of ${old} can't be relied on`);
  expect(resultOf(rollback.out)).toMatchObject({ run: open });
});
