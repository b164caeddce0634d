import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/process/clock.ts';
import { runMain } from '../run-main.ts';
import { hurried } from './hurried.ts';
import { expectExit, newestRun, promote, resultOf, status } from './observe.ts';
import { makeProject, type Project } from './project.ts';

const production = ['--env', 'production'];

/** Another checkout of the same service: its target, data and backups are those of the first. */
const anotherCheckout = async (project: Project): Promise<Project> => {
  const root = await tempFolder();
  for (const name of ['artifacts', 'gates.json', 'smoke.mjs', 'init.mjs'])
    await cp(join(project.root, name), join(root, name), { recursive: true });
  const yaml = (await project.read('rollout.yaml'))
    .replaceAll('path: data/', `path: ${project.root}/data/`)
    .replace('root: app', `root: ${project.root}/app\n`)
    .replace('    migrations:', `    backup: { dir: ${project.root}/backups }\n    migrations:`);
  await writeFile(join(root, 'rollout.yaml'), yaml);
  return {
    ...project,
    root,
    configFile: join(root, 'rollout.yaml'),
    run: (...argv) => runMain(argv, { processEnv: project.processEnv, cwd: root, clock: hurried }),
    runAt: (clock, ...argv) => runMain(argv, { processEnv: project.processEnv, cwd: root, clock }),
    read: (path) => readFile(join(root, path), 'utf8'),
  };
};

it('two checkouts see one open run and one record, and each leads out of it', async () => {
  const here = await makeProject({ hurried: true });
  await promote(here);
  const there = await anotherCheckout(here);
  expectExit(await there.run('deploy', ...production, '--version', '1.1', '--backup-first'), 0);
  const run = await newestRun(here);
  expect(await status(there)).toMatchObject({ run, status: 'awaiting guard' });
  expect(await status(here)).toMatchObject({ run, status: 'awaiting guard', release: '1.1' });
  const refused = expectExit(await here.run('deploy', ...production, '--version', '1.1'), 7);
  expect(refused.err).toContain(run);

  // The checkout that deployed it is deleted; the other goes on with its run, and links to it.
  await rm(there.root, { recursive: true });
  expectExit(await here.run('deploy', ...production, '--abort'), 0);
  expect(await status(here)).toMatchObject({ run, status: 'aborted', release: '1.0' });
  expect((await readdir(join(here.root, 'rollouts'))).sort().at(-1)).toBe(run);
  expect((await lstat(join(here.root, 'rollouts', run))).isSymbolicLink()).toBe(true);
  expect(await here.read(join('rollouts', run, 'journal.ndjson'))).toContain('"aborted"');
  expectExit(await here.run('journal', 'verify', run), 0);
  expectExit(await here.run('journal', 'verify', join('rollouts', run, 'journal.ndjson')), 0);
  expectExit(await here.run('validate-logging', ...production), 0);
  expect(await here.read('test_logging.log')).toContain('2 of 2 records whose hash chain holds');
});

it('goes on with the record where git clean took the links', async () => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  const first = await newestRun(project);
  expectExit(await project.run('deploy', ...production, '--version', '1.1'), 0);
  const run = await newestRun(project);
  await rm(join(project.root, 'rollouts'), { recursive: true });
  await rm(join(project.root, 'monitor_logs'), { recursive: true });
  expect(await status(project)).toMatchObject({ run, status: 'awaiting guard' });
  expect(existsSync(join(project.root, 'rollouts'))).toBe(false);
  expectExit(await project.run('promote', ...production, '--now', '--reason', 'fine'), 0);
  expect((await readdir(join(project.root, 'rollouts'))).sort()).toEqual([first, run]);
});

const commandTarget = (more: string) => (text: string) =>
  text
    .replace(/target:[\s\S]*?stop: .*\n/, () =>
      [
        'target:',
        '      type: command',
        '      current: "cat active 2>/dev/null || true"',
        '      activate: "printf %s \\"$ROLLOUT_VERSION\\" > active"',
        '      init: ["node", "init.mjs"]',
        '      start: "cd artifacts/$(cat active) && ./start.sh"',
        '      stop: "cd artifacts/1.0 && ./stop.sh"',
        `${more}`,
      ].join('\n'),
    )
    .replace('["node", "init.mjs"]', `["${process.execPath}", "init.mjs"]`);

it.each([
  ['of the environment', (state: string) => `    state: ${state}\n`],
  ['of the target', (state: string) => `      state: ${state}\n`],
])('a command target with state %s keeps lock and record there', async (_, key) => {
  const state = join(await tempFolder(), 'shop');
  const project = await makeProject({ hurried: true, yaml: commandTarget(key(state)) });
  await mkdir(join(project.root, 'data'), { recursive: true });
  await rm(join(project.root, 'data'), { recursive: true });
  await promote(project);
  const run = await newestRun(project);
  expect(await readdir(join(state, 'runs'))).toEqual([run]);
  expect(await project.read(join('rollouts', run, 'journal.ndjson'))).toContain(run.slice(0, 4));
  expect(existsSync(join(project.root, 'rollouts', 'lock-production.json'))).toBe(false);
  const doctor = await project.run('doctor');
  expect(doctor.out).not.toContain('git clean');
  await rm(join(project.root, 'rollouts'), { recursive: true });
  expect(resultOf((await project.run('history', '--json')).out)['runs']).toMatchObject([{ run }]);
});

it('a command target without state works in its checkout, and doctor says what that means', async () => {
  const project = await makeProject({ hurried: true, yaml: commandTarget('') });
  await promote(project);
  const run = await newestRun(project);
  expect((await lstat(join(project.root, 'rollouts', run))).isDirectory()).toBe(true);
  expect((await project.run('doctor')).out).toMatch(/warning lock and record lie in this checkout/);
});

it('shows a record of a watch by its link, and replays it from there', async () => {
  const project = await makeProject({ duration: '2s', minCoverage: 0.2 });
  await promote(project);
  expectExit(
    await project.runAt(systemClock, 'deploy', ...production, '--version', '1.1', '--monitor'),
    0,
  );
  const run = await newestRun(project);
  const report = expectExit(await project.run('report', ...production), 0);
  expect(report.out.trim()).toBe(`monitor_logs/${run}/report.html`);
  const samples = `monitor_logs/${run}/samples.ndjson`;
  for (const path of [samples, `app/.rollout/monitor/${run}/samples.ndjson`]) {
    const replayed = await project.run('gates', 'replay', '--samples', path, ...production);
    expectExit(replayed, 0);
    // What the deploy sampled before stands on the record alone.
    expect(replayed.out).toContain('promote at 2 s');
  }
  expect(
    spawnSync('ls', [join(project.root, 'monitor_logs')], { encoding: 'utf8' }).stdout,
  ).toContain(run);
});
