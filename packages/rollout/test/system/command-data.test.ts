import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { expectExit, promote, status } from './observe.ts';
import { makeProject } from './project.ts';

const production = ['--env', 'production'];

it('drills and rolls back data that only commands can reach', async () => {
  const source =
    '      - { name: cache, type: command, dump: "cat cache.txt", load: "cat > cache.txt", verify: "grep -q cached" }\n';
  const project = await makeProject({
    hurried: true,
    yaml: (text) =>
      text
        .replace('    target:\n', `${source}    target:\n`)
        .replace(
          '      stop: ./stop.sh\n',
          '      stop: ./stop.sh\n      drill: { start: ./start.sh }\n',
        ),
  });
  const cache = join(project.root, 'cache.txt');
  await writeFile(cache, 'cached by 1.0\n');
  await promote(project);

  // A drill reads the dump, and does not load it.
  expectExit(await project.run('backup', ...production), 0);
  const drilled = join(
    project.root,
    (await project.run('backup', ...production, '--latest')).out.trim(),
  );
  await writeFile(cache, 'cached since\n');
  const drill = expectExit(await project.run('backup', '--drill', drilled), 0);
  expect(await readFile(cache, 'utf8')).toBe('cached since\n');
  expect(drill.out).toContain('the dump of cache was read, and loaded nowhere');
  expect(drill.out).toMatch(/restored, cache read and not loaded in /);
  expect(drill.out).toContain('no service is started on it: it would find cache missing, or live');
  const proof = JSON.parse(await readFile(`${drilled}.proof.json`, 'utf8'));
  expect(proof).toMatchObject({ started: null, notLoaded: ['cache'] });
  const config = await readFile(project.configFile, 'utf8');
  await writeFile(project.configFile, config.replace('grep -q cached', 'false'));
  expectExit(await project.run('backup', '--drill', drilled), 1);
  expect(existsSync(`${drilled}.proof.json`)).toBe(false);
  await writeFile(project.configFile, config);
  await writeFile(cache, 'cached by 1.0\n');

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

it('does not begin a deploy whose dump command is not there', async () => {
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
