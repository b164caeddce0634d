import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type DrillProject, drillable } from './drill-project.ts';
import { expectExit, journalOf, newestRun } from './observe.ts';

const production = ['--env', 'production'];

const auto = async (): Promise<DrillProject> => {
  const project = await drillable();
  const yaml = await readFile(project.configFile, 'utf8');
  await writeFile(
    project.configFile,
    yaml.replace('rollback: { data: restore }', 'rollback: { data: auto }'),
  );
  return project;
};

const answersOf = async (project: DrillProject): Promise<unknown[]> =>
  (await journalOf(project, await newestRun(project))).flatMap(({ type, step, data }) =>
    type === 'step.done' && String(step).startsWith('drill')
      ? [(data as { wayBack?: unknown }).wayBack]
      : [],
  );

it('keeps the data in an automatic rollback where a drill proved that the release before runs on it', async () => {
  const project = await auto();
  const plan = expectExit(
    await project.run('deploy', ...production, '--version', '1.2', '--dry-run'),
    0,
  );
  expect(plan.out).toContain('then see whether 1.0 still runs once 1.2 has made the copy its own');
  expect(plan.out).toContain(
    'the data kept if the drill proves that 1.0 runs on what 1.2 makes of it',
  );
  expectExit(await project.run('deploy', ...production, '--version', '1.2'), 0);
  const proven = { answer: 'proven', release: '1.0', over: '1.2', why: '' };
  expect(await answersOf(project)).toEqual([proven, undefined]);
  expect((await project.run('status')).out).toContain('going back needs no data: a drill proved');
  await project.writeNote();
  const watched = await project.run('monitor', ...production);
  expectExit(watched, 4);
  expect(watched.out).toContain('on the data as it was');
  expect(project.notes()).toBe(2);
});

it('says what going back costs where the release before does not run on the data of the new one', async () => {
  const project = await auto();
  const file = join(project.root, 'app', 'releases', '1.0', 'start.sh');
  const text = await readFile(file, 'utf8');
  const look = `new (require('node:sqlite').DatabaseSync)(process.env.NOTES_DATA + '/notes.db').prepare('SELECT text FROM notes')`;
  await writeFile(file, text.replace('nohup', `"${process.execPath}" -e "${look}"\nnohup`));
  await writeFile(
    join(project.root, 'artifacts', '1.1', 'migrations', '002_tags.up.sql'),
    'ALTER TABLE notes RENAME COLUMN text TO body;',
  );
  const deployed = await project.run('deploy', ...production, '--version', '1.1');
  expectExit(deployed, 0);
  expect(deployed.out).toContain(
    'going back costs what is written since the backup: in a drill 1.0 did not run',
  );
  expect(await answersOf(project)).toMatchObject([{ answer: 'costs' }, undefined]);
});
