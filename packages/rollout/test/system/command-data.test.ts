import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectExit, promote, status } from './observe.ts';
import { makeProject } from './project.ts';

const production = ['--env', 'production'];

it('rolls data back that only commands can reach', { timeout: 120_000 }, async () => {
  const source =
    '      - { name: cache, type: command, dump: "cat cache.txt", load: "cat > cache.txt", verify: "grep -q cached" }\n';
  const project = await makeProject({
    hurried: true,
    yaml: (text) => text.replace('    target:\n', `${source}    target:\n`),
  });
  const cache = join(project.root, 'cache.txt');
  await writeFile(cache, 'cached by 1.0\n');
  await promote(project);
  expectExit(await project.run('deploy', ...production, '--version', '1.1', '--backup-first'), 0);
  await writeFile(cache, 'cached by 1.1, and bad\n');
  const latest = (await project.run('backup', ...production, '--latest')).out.trim();
  expectExit(
    await project.run('rollback', ...production, '--backup', latest, '--reason', 'bad cache'),
    0,
  );
  expect(await readFile(cache, 'utf8')).toBe('cached by 1.0\n');
  expect(await status(project)).toMatchObject({ status: 'rolled back', release: '1.0' });
});

it('does not begin a deploy whose dump command is not there', { timeout: 60_000 }, async () => {
  const source = '      - { name: cache, type: command, dump: no-such-dump, load: "cat" }\n';
  const project = await makeProject({
    hurried: true,
    yaml: (text) => text.replace('    target:\n', `${source}    target:\n`),
  });
  const ran = expectExit(await project.run('deploy', ...production, '--version', '1.0'), 2);
  expect(ran.err).toContain(
    'cache: no-such-dump, which its dump command begins with, is not there',
  );
});
