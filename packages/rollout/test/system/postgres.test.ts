import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readManifest } from '@dhash/backup-core';
import { describe, expect, it } from 'vitest';
import { startChild } from './child.ts';
import { expectExit, newestRun, promote, resultOf, status } from './observe.ts';
import { makePostgresProject, type PostgresProject } from './postgres-project.ts';

const production = ['--env', 'production'];

/** 1.0 with two orders, 1.1 over it with one more. */
const twoReleases = async (): Promise<PostgresProject> => {
  const project = await makePostgresProject();
  await promote(project);
  await project.writeNote();
  await project.writeNote();
  const deploy = ['deploy', ...production, '--version', '1.1', '--backup-first'];
  expectExit(await project.run(...deploy), 0);
  await project.writeNote();
  expect(await project.orders()).toBe(3);
  return project;
};

/** Nothing that a command said, wrote down or keeps may hold the address. */
const expectNoAddress = async (project: PostgresProject, said: string): Promise<void> => {
  const texts = [said];
  for (const folder of ['rollouts', 'incidents', 'backups'])
    for (const name of await readdir(join(project.root, folder), { recursive: true }))
      if (/\.(?:nd)?json$|\.txt$|\.sh$|\.log$/.test(name))
        texts.push(await project.read(join(folder, name)));
  expect(texts.length).toBeGreaterThan(5);
  for (const text of texts) expect(text).not.toContain(project.address);
};

describe('a release on a PostgreSQL database', () => {
  it('is rolled back with its rows; what was live is kept until it is validated, and in the safety zip', async () => {
    const project = await twoReleases();
    const latest = await project.run('backup', ...production, '--latest');
    const ran = await project.run(
      ...['rollback', ...production, '--backup', latest.out.trim(), '--reason', 'bad orders'],
      '--json',
    );
    expectExit(ran, 0);
    expect(await project.orders()).toBe(2);
    expect(project.notes()).toBe(2);
    expect(await status(project)).toMatchObject({ status: 'rolled back', release: '1.0' });
    await project.writeNote();
    expect(await project.orders()).toBe(3);

    const smoke = (await project.seen()).at(-1);
    expect(smoke).toMatchObject({ version: '1.0', orders: 2 });
    expect(smoke?.databases).toEqual(['shop', expect.stringMatching(/^shop_prev_/)]);
    expect(await project.databases()).toEqual(['shop']);

    const result = resultOf(ran.out);
    const written = [{ source: 'orders', table: 'orders', before: 2, after: 3 }];
    expect(result).toMatchObject({ written: { tables: expect.arrayContaining(written) } });
    const record = join(String(result['incident']), 'record.json');
    expect(JSON.parse(await project.read(record))).toMatchObject({
      written: { tables: expect.arrayContaining(written) },
      proof: { tables: { orders: { orders: 2 } } },
    });
    const safety = await readManifest(join(project.root, String(result['safety'])));
    const kept = safety.sources.find(({ name }) => name === 'orders');
    expect(kept).toMatchObject({ type: 'postgres', tables: { orders: 3 } });
    await expectNoAddress(project, ran.out + ran.err);
  });

  it('ends rolled back wherever the rollback is killed', async () => {
    const project = await twoReleases();
    const latest = (await project.run('backup', ...production, '--latest')).out.trim();
    const begin = ['rollback', ...production, '--backup', latest, '--reason', 'bad orders'];
    const resume = ['rollback', ...production, '--resume'];
    const points = [
      'step.started:stage',
      'step.done:stage',
      'step.started:swap',
      'step.done:swap',
      'step.started:prove',
      'step.started:safety',
      'step.started:clean',
      'step.done:clean',
    ];
    for (const [index, point] of points.entries()) {
      const child = startChild(project, [...(index === 0 ? begin : resume), '--json'], {
        TEST_KILL_AT: point,
        TEST_HURRIED: '1',
      });
      expect(await child.ended, `${point}\n${child.out()}${child.err()}`).toBe('SIGKILL');
    }
    expectExit(await project.run(...resume), 0);
    expect(await project.orders()).toBe(2);
    expect(await project.databases()).toEqual(['shop']);
    expect(await status(project)).toMatchObject({ status: 'rolled back', release: '1.0' });
    const incident = join('incidents', await newestRun(project), 'record.json');
    expect(JSON.parse(await project.read(incident))).toMatchObject({
      written: { tables: expect.arrayContaining([expect.objectContaining({ after: 3 })]) },
    });
  });
});

it('is not deployed where its database is not ready, and nothing is touched', async () => {
  const project = await makePostgresProject();
  await project.server.sql('postgres', 'CREATE ROLE meek LOGIN');
  process.env['ORDERS_URL'] = project.address.replace('postgres@', 'meek@');
  project.processEnv['ORDERS_URL'] = process.env['ORDERS_URL'];
  const before = await readdir(project.root);
  const ran = expectExit(await project.run('deploy', ...production, '--version', '1.0'), 2);
  expect(ran.err).toContain('orders: its role may not create databases');
  expect(ran.out + ran.err).not.toContain(process.env['ORDERS_URL']);
  expect(await readdir(project.root)).toEqual(before);
  const doctor = await project.run('doctor', ...production);
  expect(doctor.out).toContain('data orders: its role may not create databases');
});
