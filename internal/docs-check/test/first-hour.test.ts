import { execFile, spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, startNpmRegistry, tempFolder } from '@dhash/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { blocksOf, bookText, repository } from './books.ts';

const exec = promisify(execFile);

/** Runs a script to its end, all that it says in order. */
const runScript = (file: string, cwd: string, env: NodeJS.ProcessEnv) =>
  new Promise<{ exit: number | null; said: string }>((resolve) => {
    const child = spawn('bash', ['-e', '-o', 'pipefail', file], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => {
        said += chunk.toString('utf8');
      });
    child.on('exit', (exit) => resolve({ exit, said }));
  });

/** Whatever the page started ends with the test. */
const endService = async (folder: string): Promise<void> => {
  const pid = await readFile(join(folder, 'notes/app/service.pid'), 'utf8').catch(() => '');
  if (pid.trim() !== '') await exec('kill', [pid.trim()]).catch(() => undefined);
};

it('docs/first-hour.md leads from nothing to a bad release that was rolled back, by its commands alone', {
  timeout: 600_000,
}, async () => {
  const registry = await startNpmRegistry('@dhash');
  const publish = ['publish', '--workspaces', '--access', 'public', '--ignore-scripts'];
  // Run by an npm script, npm would take that one's folder for its own.
  const { npm_config_local_prefix: _, ...outer } = process.env;
  const env = { ...outer, ...registry.env, NO_COLOR: '1' };
  await exec('npm', publish, { cwd: repository, env });
  expect(registry.published.map((one) => one.replace(/@[^@]*$/, '')).sort()).toContain(
    '@dhash/rollout',
  );

  const folder = await tempFolder();
  onTestFinished(() => endService(folder));
  const port = String(await freePort());
  const script = blocksOf(bookText('docs/first-hour.md'))
    .filter(({ language }) => language === 'sh')
    .map(({ code }) => code)
    .join('\n')
    .replaceAll('8000', port);
  await mkdir(join(folder, 'home'));
  await writeFile(join(folder, 'page.sh'), script);
  const { exit, said } = await runScript(join(folder, 'page.sh'), folder, env);

  expect(exit, said).toBe(0);
  expect(said).toContain(
    'gate errors: notes_errors_total counts what failed of notes_requests_total',
  );
  expect(said).toContain('adopted release 1.0, which ran before it was on record');
  expect(said).toMatch(/rollback: errors broke: /);
  expect(said).toContain('rolled back and validated: release 1.0 runs on the data of the backup');
  expect(said).toMatch(/^exit 4$/m);
  expect(said).toContain('verdict: production is ready for a rollout');
  const health = (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as object;
  expect(health).toEqual({ status: 'OK', version: '1.0' });
});
