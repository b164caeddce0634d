import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, lstat, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectExit, newestRun, promote } from './observe.ts';
import { programFile } from './program.ts';
import { makeProject, type Project } from './project.ts';

const nobody = 65534;
const production = ['--env', 'production'];
const as = ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups'];
const mayBeAnother =
  process.getuid?.() === 0 &&
  spawnSync(as[0] ?? '', [...as.slice(1), 'test', '-r', import.meta.filename]).status === 0;

const asNobody = async (project: Project, ...argv: string[]) => {
  const [program = '', ...args] = [...as, process.execPath, ...[programFile(), ...argv]];
  const child = spawn(program, args, {
    cwd: project.root,
    env: { ...project.processEnv, TEST_HURRIED: '1', HOME: project.root },
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => {
    out += text;
  });
  child.stderr.on('data', (text) => {
    err += text;
  });
  const [exit] = await once(child, 'close');
  return { exit: exit as number, out, err };
};

const give = async (path: string, uid: number): Promise<void> => {
  const stat = await lstat(path);
  if (stat.isSymbolicLink()) return;
  await chown(path, uid, uid);
  if (!stat.isDirectory()) return;
  for (const name of await readdir(path)) await give(join(path, name), uid);
};

/** A project of the user nobody, with 1.1 open over 1.0; then a part of it belongs to root alone. */
const lockedOut = async (part: (project: Project, run: string) => string | null) => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  expectExit(await project.run('deploy', ...production, '--version', '1.1'), 0);
  const run = await newestRun(project);
  // The user could not stop what root started.
  const stopped = spawnSync('sh', ['stop.sh'], {
    cwd: join(project.root, 'app', 'current'),
    env: project.processEnv,
  });
  expect(stopped.status).toBe(0);
  await give(project.root, nobody);
  await chmod(project.root, 0o755);
  const path = part(project, run);
  if (path !== null) {
    await mkdir(path, { recursive: true });
    await give(path, 0);
    // Of the releases' folder only the right to write goes.
    await chmod(path, path === join(project.root, 'app') ? 0o755 : 0o700);
  }
  const backups = (await readdir(join(project.root, 'backups'))).filter((name) =>
    name.endsWith('.zip'),
  );
  return { project, run, path, backup: join('backups', backups.sort().at(-1) ?? '') };
};

const app = (project: Project, ...names: string[]) => join(project.root, 'app', ...names);

describe.runIf(mayBeAnother)('after one command as root', () => {
  it.each([
    ['a run', (project: Project, run: string) => app(project, '.rollout', 'runs', run)],
    ['the whole record', (project: Project) => app(project, '.rollout')],
    ['the links', (project: Project) => join(project.root, 'rollouts')],
  ])('%s that may not be read is named, and the emergency rollback works', async (_, part) => {
    const { project, path, backup } = await lockedOut(part);
    const named = `nobody (uid ${nobody}) may not`;
    const status = expectExit(await asNobody(project, 'status'), 0);
    expect(status.out).toContain('BROKEN');
    expect(status.out).toContain(`${named} `);
    expect(status.out).toContain(`${path}: it belongs to root, rwx------`);
    expectExit(await asNobody(project, 'history'), 0);
    expect(expectExit(await asNobody(project, 'doctor'), 8).out).toContain(named);
    const deploy = await asNobody(project, 'deploy', ...production, '--version', '1.1');
    expect(expectExit(deploy, 8).err).toContain(named);
    const rollback = await asNobody(project, 'rollback', ...production, '--backup', backup);
    expect(expectExit(rollback, 0).out).toContain(named);
    const answer = (await (await fetch(`${project.url}/health`)).json()) as { version: string };
    expect(answer.version).toBe('1.0');
  });

  it.each([
    ['incidents', 'incidents'],
    ['notifications', 'notifications'],
    ['spool', join('notifications', 'spool')],
    ['samples', join('app', '.rollout', 'monitor')],
    ['lock', 'app'],
  ])('the %s that may not be written is a finding of doctor', async (what, path) => {
    const { project } = await lockedOut((made) => join(made.root, path));
    if (what === 'lock') await give(app(project, '.rollout'), nobody);
    const doctor = expectExit(await asNobody(project, 'doctor'), 1);
    expect(doctor.out).toMatch(new RegExp(`PROBLEM .*${what}.*: nobody .* may not`));
    expectExit(await asNobody(project, 'status'), 0);
  });

  it('a watch that may not write its samples does not begin', async () => {
    const { project, path } = await lockedOut((made) => app(made, '.rollout', 'monitor'));
    const refused = await asNobody(project, 'monitor', ...production);
    expect(expectExit(refused, 2).err).toContain(
      `the samples of the watch can not be written: nobody (uid ${nobody}) may not enter ${path}`,
    );
  });

  it('a backup that may not be read is not called missing', async () => {
    const { project, backup } = await lockedOut((made) => join(made.root, 'backups'));
    const refused = await asNobody(project, 'rollback', ...production, '--backup', backup);
    expect(expectExit(refused, 2).err).toMatch(
      /the backup can not be read: nobody .* may not enter/,
    );
  });

  it('a lock that may not be taken is refused before anything is done', async () => {
    const { project, backup } = await lockedOut((made) => join(made.root, 'app'));
    for (const name of ['.rollout', 'releases']) await give(app(project, name), nobody);
    const refused = await asNobody(project, 'rollback', ...production, '--backup', backup);
    expect(expectExit(refused, 2).err).toContain(
      `the lock can not be taken: nobody (uid ${nobody}) may not write ${app(project)}: it belongs to root`,
    );
  });

  it('what root makes belongs to whose folder it is: the user goes on', async () => {
    const { project, run } = await lockedOut(() => null);
    expectExit(await project.run('promote', ...production, '--now', '--reason', 'by root'), 0);
    expectExit(await project.run('deploy', ...production, '--version', '1.1', '--json'), 0);
    const next = await newestRun(project);
    expect(next).not.toBe(run);
    for (const path of [
      ...[app(project, '.rollout', 'runs', next), app(project, '.rollout', 'monitor', next)],
      app(project, '.rollout', 'runs', next, 'journal.ndjson'),
    ])
      expect(await lstat(path), path).toMatchObject({ uid: nobody });
    expectExit(await asNobody(project, 'promote', ...production, '--now', '--reason', 'x'), 0);
    expect(dirname(app(project, 'rollout.lock'))).toBe(app(project));
  });
});
