import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readJournal } from '@dhash/journal';
import { startHttpServer } from '@dhash/testkit';
import { expect, it, onTestFinished } from 'vitest';
import { makeProject } from './project.ts';

it('the backups of a deploy are kept by the rules too; that one shrank is on record and told', async () => {
  const hook = await startHttpServer((_, response) => {
    response.end('ok');
  });
  const project = await makeProject({ hurried: true });
  const env = ['--env', 'production'];
  const run = async (...argv: string[]) => {
    const ran = await project.run(...argv);
    expect(ran, ran.err + ran.out).toMatchObject({ exit: 0 });
    return ran;
  };
  await run('deploy', ...env, '--version', '1.0', '--backup-first');
  await run('promote', ...env, '--now', '--reason', 'a test');
  for (let i = 0; i < 10; i += 1)
    await writeFile(join(project.root, 'data', 'files', `${i}.txt`), `file ${i}`);
  await run('backup', ...env, '--tag', 'full');
  const full = (await readdir(join(project.root, 'backups'))).filter((name) => /\.zip$/.test(name));
  await appendFile(
    project.configFile,
    `    notify: [hook, { channel: hook, events: [backup-done] }]\nchannels:\n  hook: { type: webhook, url: "${hook.url}", allowPrivate: true }\nbackup: { keep: { last: 1 } }\n`,
  );
  for (let i = 1; i < 10; i += 1) await rm(join(project.root, 'data', 'files', `${i}.txt`));
  const ran = await run('deploy', ...env, '--version', '1.1', '--backup-first', '--json');

  const events = ran.out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { run?: string });
  const journal = join(project.root, 'rollouts', String(events.at(-1)?.run), 'journal.ndjson');
  const steps = (await readJournal(journal)).events.filter(({ type }) => type === 'step.done');
  const shrunken = { shrunken: ['files: 60 → 6 bytes', 'files: 10 → 1 entries'] };
  expect(steps.find(({ step }) => step === 'backup')?.['data']).toMatchObject(shrunken);
  // Older than one that shrank: the rules would have removed them, and none of them did.
  expect(await readdir(join(project.root, 'backups'))).toEqual(expect.arrayContaining(full));
  const told = hook.requests.filter(({ body }) => body.includes('backup-shrank'));
  expect(told).toHaveLength(1);
  expect(told[0]?.body).toContain('files: 10 → 1 entries');

  // Each of its backups, under an id of its own.
  const done = hook.requests.filter(({ body }) => body.includes('rollout.backup_done'));
  const ids = done.map(({ body }) => (JSON.parse(body) as { data: { id: string } }).data.id);
  const backups = steps.filter(({ step }) => String(step).startsWith('backup'));
  expect(new Set(ids).size).toBe(backups.length);

  // Once somebody said that it is right, what no rule keeps goes, and is on the record of the next deploy.
  const [flagged = ''] = (await readdir(join(project.root, 'backups'))).filter((name) =>
    /_predeploy\.zip$/.test(name),
  );
  await run('backup', '--accept-shrink', join('backups', flagged), '--reason', 'a test');
  await run('promote', ...env, '--now', '--reason', 'a test');
  const pruned = await run('backup', ...env, '--json');
  const last = JSON.parse(pruned.out.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
  const removed = last['removed'] as { backups: { name: string }[] };
  expect(removed.backups.map(({ name }) => name)).toEqual(expect.arrayContaining(full));
});

it('a deploy whose backups have no room is refused before anything stops', async () => {
  const project = await makeProject({
    hurried: true,
    yaml: (text) => text.replace('environments:', 'backup: { dir: disk/backups }\nenvironments:'),
  });
  const disk = join(project.root, 'disk');
  await mkdir(disk);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', disk]);
  });
  const first = await project.run('deploy', '--env', 'production', '--version', '1.0');
  expect(first, first.err + first.out).toMatchObject({ exit: 0 });
  await project.run('promote', '--env', 'production', '--now', '--reason', 'a test');
  // One backup of it fits, and the second, taken with the service stopped, would not.
  const noise = execFileSync('head', ['-c', '5000000', '/dev/urandom'], { maxBuffer: 8_000_000 });
  await writeFile(join(project.root, 'data', 'files', 'noise'), noise);
  const before = await readdir(join(project.root, 'rollouts'));
  const argv = ['deploy', '--env', 'production', '--version', '1.1', '--backup-first'];
  const ran = await project.run(...argv);
  expect(ran).toMatchObject({ exit: 1 });
  expect(ran.err).toMatch(
    /2 backups of production need 10\.\d MB, 8\.\d MB free in .*nothing was written/,
  );
  expect(await readdir(join(project.root, 'rollouts'))).toEqual(before);
  expect((await fetch(`${project.url}/health`)).ok).toBe(true);
});
