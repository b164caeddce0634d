import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { filesProject } from './files-project.ts';

const run = (day: string): string => `202603${day}T120000Z-production-deploy-aaaa`;
const prune = ['backup', '--env', 'production', '--prune'];

it('removes the samples that all checkouts share, with the link, and nothing that a link leads to elsewhere', async () => {
  const state = join(await tempFolder(), 'state');
  const elsewhere = join(await tempFolder(), 'big-disk');
  const project = await filesProject({ state, more: 'keepFor: { monitorLogs: 10d }\n' });
  const logs = join(project.root, 'monitor_logs');
  const monitor = join(state, 'monitor');
  for (const folder of [logs, elsewhere, join(monitor, run('01')), join(monitor, run('02'))])
    await mkdir(folder, { recursive: true });
  await mkdir(join(monitor, run('28')));
  await symlink(join(monitor, run('01')), join(logs, run('01')));
  await writeFile(join(elsewhere, 'samples.ndjson'), 'kept by a person');
  // Of one the link is missing here, and one leads where no record of ours is.
  await symlink(elsewhere, join(logs, run('03')));

  const dry = await project.run('2026-03-30T12:00:00Z', ...prune, '--dry-run');
  expect(dry.out).toContain(`would remove  monitor_logs/${run('02')}`);
  expect(await readdir(monitor)).toHaveLength(3);
  const ran = await project.run('2026-03-30T12:00:00Z', ...prune);
  expect(ran).toMatchObject({ exit: 0 });
  expect(await readdir(monitor)).toEqual([run('28')]);
  expect(await readdir(logs)).toEqual([]);
  expect(await readFile(join(elsewhere, 'samples.ndjson'), 'utf8')).toBe('kept by a person');
});

it('keeps the samples of a run that is open, wherever its record lies', async () => {
  const state = join(await tempFolder(), 'state');
  const project = await filesProject({ state, more: 'keepFor: { monitorLogs: 10d }\n' });
  await project.record(run('01'), { step: 'lay', data: {} });
  await mkdir(join(state, 'monitor', run('01')), { recursive: true });
  const ran = await project.run('2026-03-30T12:00:00Z', ...prune);
  expect(ran.out).toContain(`keep    monitor_logs/${run('01')}  its run is open`);
  expect(await readdir(join(state, 'monitor'))).toEqual([run('01')]);
});
