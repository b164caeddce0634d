import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { appendFile, copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyBackup } from '@dhash/backup-core';
import { readJournal, verifyJournal } from '@dhash/journal';
import { describe, expect, it } from 'vitest';
import type { Ran } from '../run-main.ts';
import { makeProject, type Project } from './project.ts';

const resultOf = (ran: Ran): Record<string, unknown> =>
  JSON.parse(ran.out.trimEnd().split('\n').at(-1) ?? '{}') as Record<string, unknown>;

const listAll = async (root: string): Promise<string[]> =>
  (await readdir(root, { recursive: true })).sort();

const newestBackup = async (project: Project): Promise<string> => {
  const names = (await readdir(join(project.root, 'backups'))).filter((name) =>
    name.endsWith('.zip'),
  );
  return join(project.root, 'backups', names.sort().at(-1) ?? '');
};

const deployed = async (version: string): Promise<Project> => {
  const project = await makeProject();
  const ran = await project.run('deploy', '--env', 'production', '--version', version);
  expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
  const promoted = await project.run(
    'promote',
    '--env',
    'production',
    '--now',
    '--reason',
    'first release',
  );
  expect(promoted, promoted.err).toMatchObject({ exit: 0 });
  return project;
};

describe('a first deploy', () => {
  it('is planned without a trace but its log', async () => {
    const project = await makeProject();
    const before = await listAll(project.root);
    const ran = await project.run('deploy', '--env', 'production', '--dry-run');
    expect(ran, ran.err).toMatchObject({ exit: 0 });
    expect(ran.out).toContain('first deploy');
    expect(await listAll(project.root)).toEqual([...before, 'deploy-dryrun.log'].sort());
    expect(await project.read('deploy-dryrun.log')).toContain('first deploy');
  });

  it('makes the data, backs it up after the smoke tests, and can be watched to promotion', async () => {
    const project = await makeProject();
    const ran = await project.run(
      'deploy',
      '--env',
      'production',
      '--version',
      '1.0',
      '--backup-first',
      '--monitor',
    );
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    const backup = await newestBackup(project);
    const { manifest } = await verifyBackup(backup);
    expect(manifest).toMatchObject({ service: 'notes', env: 'production', release: '1.0' });
    expect(
      execFileSync('sha256sum', ['-c', `${backup}.sha256`], {
        cwd: project.root,
        encoding: 'utf8',
      }),
    ).toContain('OK');
    const status = resultOf(await project.run('status', '--env', 'production', '--json'));
    expect(status).toMatchObject({ release: '1.0', status: 'promoted', exit: 0 });
    const run = String(status['run']);
    expect(
      await verifyJournal(join(project.root, 'rollouts', run, 'journal.ndjson')),
    ).toMatchObject({ closed: true });
    expect(existsSync(join(project.root, 'monitor_logs', run, 'report.html'))).toBe(true);
    const logs = await project.run('validate-logging');
    expect(logs, logs.out).toMatchObject({ exit: 0 });
  });

  it('that never gets healthy is undone whole', async () => {
    const project = await makeProject();
    await writeFile(join(project.root, 'artifacts', '1.1', 'server.mjs'), 'process.exit(1);');
    await writeFile(join(project.root, 'artifacts', '1.1', 'start.sh'), '#!/bin/sh\nexit 3\n');
    const ran = await project.run('deploy', '--env', 'production', '--version', '1.1');
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 1 });
    expect(existsSync(join(project.root, 'data', 'notes.db'))).toBe(false);
    expect(existsSync(join(project.root, 'app', 'current'))).toBe(false);
    expect(existsSync(join(project.root, 'app', 'releases', '1.1'))).toBe(false);
  });

  it('is refused where another program has the port', async () => {
    const project = await deployed('1.0');
    const other = await makeProject({
      yaml: (text) => text.replace(/url: .*/, `url: ${project.url}`),
    });
    const before = await listAll(other.root);
    const ran = await other.run('deploy', '--env', 'production');
    expect(ran).toMatchObject({ exit: 2 });
    expect(ran.err).toContain('already answers');
    expect(await listAll(other.root)).toEqual(before);
  });
});

describe('a release over another', () => {
  it('migrates and is promoted; a bad one after it is rolled back with its data', async () => {
    const project = await deployed('1.0');
    await project.writeNote();
    const good = await project.run(
      'deploy',
      '--env',
      'production',
      '--version',
      '1.1',
      '--backup-first',
      '--monitor',
    );
    expect(good, good.err + good.out).toMatchObject({ exit: 0 });
    await project.writeNote();
    expect(project.notes()).toBe(2);

    const deploy = await project.run('deploy', '--env', 'production', '--version', '1.2');
    expect(deploy, deploy.err + deploy.out).toMatchObject({ exit: 0 });
    await project.writeNote();
    expect(project.notes()).toBe(3);
    const watched = await project.run('monitor', '--env', 'production', '--json');
    expect(watched, watched.err).toMatchObject({ exit: 4 });
    expect(project.notes()).toBe(2);
    const result = resultOf(watched);
    const run = String(result['run']);
    const { events } = await readJournal(join(project.root, 'rollouts', run, 'journal.ndjson'));
    const order = events.filter(({ type }) => type === 'step.done').map(({ step }) => step);
    expect(order.indexOf('prove')).toBeGreaterThan(0);
    expect(order.lastIndexOf('prove')).toBeLessThan(order.lastIndexOf('start'));
    expect(existsSync(join(project.root, 'incidents', run))).toBe(true);
    expect(await readdir(join(project.root, 'backups', 'safety'))).toContainEqual(
      expect.stringMatching(/\.zip$/),
    );
    const health = (await (await fetch(`${project.url}/health`)).json()) as Record<string, unknown>;
    expect(health).toMatchObject({ status: 'OK', version: '1.1' });

    const again = await project.run('deploy', '--env', 'production', '--version', '1.2');
    expect(again).toMatchObject({ exit: 2 });
    expect(again.err).toContain(run);
    const history = await project.run('history');
    expect(history.out).toMatch(/1\.2 +rolled back/);
  });

  it('goes back alone, without a backup, where the data is to be kept', async () => {
    const project = await makeProject({
      yaml: (text) => text.replace('data: restore', 'data: keep'),
    });
    for (const version of ['1.0', '1.1', '1.2']) {
      const ran = await project.run('deploy', '--env', 'production', '--version', version);
      expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
      if (version !== '1.2')
        await project.run('promote', '--env', 'production', '--now', '--reason', 'good');
    }
    await project.writeNote();
    const watched = await project.run('monitor', '--env', 'production');
    expect(watched, watched.err + watched.out).toMatchObject({ exit: 4 });
    expect(project.notes()).toBe(1);
    expect(existsSync(join(project.root, 'backups'))).toBe(false);
    const health = (await (await fetch(`${project.url}/health`)).json()) as Record<string, unknown>;
    expect(health).toMatchObject({ version: '1.1' });
  });

  it('that fails its smoke tests is undone, migration and all', async () => {
    const project = await deployed('1.0');
    await project.writeNote();
    await writeFile(join(project.root, 'smoke.mjs'), 'console.log("not ok"); process.exit(1);');
    const ran = await project.run('deploy', '--env', 'production', '--version', '1.1');
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 1 });
    expect(ran.out).toContain('release 1.0 is active and healthy');
    await project.writeNote();
    expect(project.notes()).toBe(2);
    const migrations = await project.run('migrate', '--env', 'production', '--dry-run');
    expect(migrations, migrations.err).toMatchObject({ exit: 0 });
    expect(migrations.out).toContain('pending: none');
    const next = await project.run(
      ...['migrate', '--env', 'production', '--dry-run', '--version', '1.1'],
    );
    expect(next.out).toMatch(/release 1\.1 .*pending: 002_tags[\s\S]*tried on a copy/);
  });

  it('that is still open refuses a second deploy, and can be aborted', async () => {
    const project = await deployed('1.0');
    expect(await project.run('deploy', '--env', 'production', '--version', '1.1')).toMatchObject({
      exit: 0,
    });
    const second = await project.run('deploy', '--env', 'production', '--version', '1.2');
    expect(second).toMatchObject({ exit: 7 });
    expect(second.err).toContain('--abort');
    const aborted = await project.run('deploy', '--env', 'production', '--abort');
    expect(aborted, aborted.err + aborted.out).toMatchObject({ exit: 0 });
    const status = resultOf(await project.run('status', '--json'));
    expect(status).toMatchObject({ release: '1.0', status: 'aborted' });
    expect(await project.run('deploy', '--env', 'production', '--abort')).toMatchObject({
      exit: 2,
    });
  });
});

describe('a rollback by hand', () => {
  it('puts data back that was stamped with the active release, and says so', async () => {
    const project = await deployed('1.0');
    const backup = await newestBackup(project);
    await project.writeNote();
    const dry = await project.run(
      'rollback',
      '--env',
      'production',
      '--backup',
      backup,
      '--dry-run',
    );
    expect(dry, dry.err).toMatchObject({ exit: 0 });
    expect(project.notes()).toBe(1);
    const ran = await project.run(
      'rollback',
      '--env',
      'production',
      '--backup',
      backup,
      '--reason',
      'a bad import',
    );
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    expect(project.notes()).toBe(0);
  });

  it('is refused before anything stops where the backup does not verify', async () => {
    const project = await deployed('1.0');
    const backup = await newestBackup(project);
    const broken = join(project.root, 'broken.zip');
    await copyFile(backup, broken);
    await writeFile(
      `${broken}.sha256`,
      (await readFile(`${backup}.sha256`, 'utf8')).replace(/ {2}.*/, '  broken.zip'),
    );
    await appendFile(broken, 'x');
    const pid = await project.read('data/service.pid');
    for (const file of [broken, join(project.root, 'missing.zip')]) {
      const ran = await project.run('rollback', '--env', 'production', '--backup', file);
      expect([2, 8]).toContain(ran.exit);
      expect(ran.err).not.toContain('    at ');
    }
    expect(await project.run('rollback', '--env', 'production', '--backup', broken)).toMatchObject({
      exit: 8,
    });
    expect(await project.read('data/service.pid')).toBe(pid);
  });
});
