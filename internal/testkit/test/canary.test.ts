import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { formsOf, holdsAny } from '../src/canary/canary.ts';
import { note } from '../src/canary/ledger.ts';
import { tempFolder } from '../src/temp-folder.ts';

const main = fileURLToPath(new URL('../src/canary/main.ts', import.meta.url));

/** A run with a secret of its own; `script` is JavaScript, and `secret` is in its environment. */
const watched = async (script: string, more: { received?: number } = {}) => {
  const folder = await tempFolder();
  const secret = `canary-${randomBytes(12).toString('hex')}`;
  const ledger = join(folder, 'ledger');
  const searched = join(folder, 'left');
  await mkdir(searched);
  await writeFile(
    join(folder, 'run.mjs'),
    `const secret = process.env.CANARY_SECRET;\nconst left = ${JSON.stringify(searched)};\n${script}`,
  );
  const env = { ...process.env, CANARY_SECRET: secret, CANARY_FOLDER: ledger };
  const start = (...args: string[]) =>
    spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' });
  note(ledger, { received: more.received ?? 1 });
  const run = start('run', '--search', searched, '--', process.execPath, join(folder, 'run.mjs'));
  const report = start('report');
  // One is too large for the search of the run round this one.
  await rm(searched, { recursive: true });
  // The ledger and the left files hold this run's own secret, not that of the run round it.
  return { run, report };
};

const write = (name: string, content: string) =>
  `await (await import('node:fs/promises')).writeFile(left + '/${name}', ${content});`;

describe('a run that is searched for its secret', () => {
  it('passes where it leaks nowhere, and says how much was searched', async () => {
    const { run, report } = await watched(
      `console.log('hello');\n${write('a.txt', "'nothing'")}\nprocess.exitCode = 3;`,
    );
    expect(run).toMatchObject({ status: 3, stdout: 'hello\n' });
    expect(report.status, report.stdout).toBe(0);
    expect(report.stdout).toMatch(/in [1-9]\d* files, [1-9]\d* bytes of output/);
    expect(report.stdout).toMatch(/[1-9]\d* passed, 0 failed\n$/);
  });

  it.each([
    [
      'stdout',
      'process.stdout.write(secret.slice(0, 9)); setTimeout(() => process.stdout.write(secret.slice(9)), 50);',
      /FOUND in stdout of/,
    ],
    [
      'a file that would be read for hours',
      `${write('holes.zip', "''")}\nawait (await import('node:fs/promises')).truncate(left + '/holes.zip', 2 ** 43);`,
      /FOUND in .*holes\.zip is too large to be searched/,
    ],
    ['stderr', 'console.error(new Error(secret).stack);', /FOUND in stderr of/],
    ['a file', write('log.txt', "'x'.repeat((1 << 20) - 5) + secret"), /FOUND in .*log\.txt/],
    [
      'base64',
      write('auth.txt', "Buffer.from('\\0ops\\0' + secret).toString('base64')"),
      /FOUND in .*auth\.txt/,
    ],
    [
      'a file in its temp folder',
      "(await import('node:fs')).writeFileSync(process.env.TMPDIR + '/t', secret);",
      /FOUND in .*\/t\n/,
    ],
    [
      'a file in a folder whose name is no UTF-8',
      `const { mkdirSync, writeFileSync } = await import('node:fs');
      const name = Buffer.concat([Buffer.from(left + '/'), Buffer.from([0xff, 0xe9])]);
      mkdirSync(name);
      writeFileSync(Buffer.concat([name, Buffer.from('/t')]), secret);`,
      /FOUND in .*\/t\n/,
    ],
    [
      'the name of a file',
      "(await import('node:fs')).writeFileSync(left + '/' + secret, '');",
      /FOUND in the name of/,
    ],
    [
      'arguments of a process',
      "(await import('node:child_process')).spawnSync(process.execPath, ['-e', 'setTimeout(() => {}, 900)', secret]);",
      /FOUND in arguments of a process/,
    ],
  ])('fails on a planted leak: %s', async (_where, script, says) => {
    const { report } = await watched(script);
    expect(report.stdout).toMatch(says);
    expect(report.status).toBe(1);
    expect(report.stdout).toMatch(/^0 passed, [1-9]\d* failed$/m);
  });

  it('leaves what holds it by design, and counts it', async () => {
    const { report } = await watched(
      `${write('url.secret', 'secret')}\n${write('rollout.yaml', 'secret')}`,
    );
    expect(report.stdout).toContain('lies in 2 files that hold it by design');
    expect(report.status).toBe(0);
  });

  it('proves nothing where no receiver ever got it', async () => {
    expect((await watched('', { received: 0 })).report).toMatchObject({ status: 1 });
  });
});

it('finds base64 at every offset, and nothing in what only begins like it', () => {
  const forms = formsOf('canary-abcdef0123456789');
  for (const before of ['', 'a', 'ab', 'abc', 'user:'])
    for (const after of ['', 'x', 'xy'])
      expect(
        holdsAny(
          Buffer.from(Buffer.from(`${before}canary-abcdef0123456789${after}`).toString('base64')),
          forms,
        ),
        `${before}…${after}`,
      ).toBe(true);
  expect(holdsAny(Buffer.from('canary-abcdef01234567'), forms)).toBe(false);
});
