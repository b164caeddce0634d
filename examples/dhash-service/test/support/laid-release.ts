import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '@dhash/testkit';
import { onTestFinished } from 'vitest';
import { exampleFolder, repository } from './service-on-data.ts';

/** What a program said and how it ended. */
export interface Ended {
  readonly exit: number;
  readonly output: string;
}

/** Runs a program to its end; its output is both streams together. */
export const runToEnd = (
  program: string,
  args: readonly string[],
  env: Record<string, string>,
  cwd = repository,
): Promise<Ended> =>
  new Promise((resolve) => {
    execFile(program, args, { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) =>
      resolve({ exit: error === null ? 0 : Number(error.code ?? -1), output: stdout + stderr }),
    );
  });

/** Really built releases, laid as the toolkit lays them, on a data folder; stopped with the test. */
export const layReleases = async (base: string, versions: readonly string[]) => {
  const app = join(base, 'app');
  mkdirSync(app, { recursive: true });
  // Stands for the repository that the releases are laid in: sharp and Node are found by walking up.
  symlinkSync(join(repository, 'node_modules'), join(base, 'node_modules'));
  execFileSync(process.execPath, [
    join(exampleFolder, 'build.js'),
    ...versions,
    '--out',
    join(app, 'releases'),
  ]);
  const url = `http://127.0.0.1:${await freePort()}`;
  const env = { ROLLOUT_URL: url, DHASH_DATA: '' };
  const current = join(app, 'current');
  const activate = (version: string) => {
    if (existsSync(current)) unlinkSync(current);
    symlinkSync(join('releases', version), current);
  };
  const start = () => runToEnd('./start.sh', [], env, current);
  const stop = () => runToEnd('./stop.sh', [], env, current);
  activate(versions[0] ?? '');
  onTestFinished(async () => {
    await stop();
  });
  /** Asks until the service is OK. */
  const health = async (): Promise<unknown> => {
    for (;;) {
      const answer = await fetch(`${url}/health`);
      const body: unknown = await answer.json();
      if (answer.ok) return body;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const pid = () => Number(readFileSync(join(base, 'dhash.pid'), 'utf8'));
  return { url, activate, start, stop, health, pid, current };
};
