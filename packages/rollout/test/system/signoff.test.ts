import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import JSZip from 'jszip';
import { expect, it } from 'vitest';
import { makeProject } from './project.ts';

const asksFor = (allowed: string | null) => (text: string) =>
  `${text}    requireSignoff: { bundle: bundle.zip${allowed === null ? '' : `, allowedSigners: ${allowed}`} }\n`;

const makeBundle = async (root: string, version: string): Promise<void> => {
  const zip = new JSZip();
  zip.file('premerge.json', JSON.stringify({ version }));
  await writeFile(join(root, 'bundle.zip'), await zip.generateAsync({ type: 'nodebuffer' }));
};

/** A new key; its line of allowed_signers for `name`. */
const makeKey = async (file: string, name: string): Promise<string> => {
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
  return `${name} ${await readFile(`${file}.pub`, 'utf8')}`;
};

const deploy = ['deploy', '--env', 'production', '--version', '1.0'];

it('a deploy goes only with a sign-off of its bundle, release and gates, by a key that may', async () => {
  const project = await makeProject({ yaml: asksFor('allowed_signers') });
  const { root, run } = project;
  const sign = (by: string, key: string) =>
    run('signoff', '--bundle', 'bundle.zip', '--by', by, '--key', key);
  await writeFile(
    join(root, 'allowed_signers'),
    await makeKey(join(root, 'ana'), 'ana@example.org'),
  );
  await makeKey(join(root, 'mallory'), 'mallory@example.org');

  const dry = await run(...deploy, '--dry-run');
  expect(dry, dry.err).toMatchObject({ exit: 0 });
  expect(dry.out).toContain('a deploy would be refused: production asks for a sign-off');

  await makeBundle(root, '1.1');
  expect(await sign('ana@example.org', 'ana')).toMatchObject({ exit: 0 });
  const other = await run(...deploy);
  expect(other).toMatchObject({ exit: 2 });
  expect(other.err).toContain('it was given for release 1.1, not for 1.0');

  await makeBundle(root, '1.0');
  const stale = await run(...deploy);
  expect(stale).toMatchObject({ exit: 2 });
  expect(stale.err).toContain('the bundle with SHA-256');

  // Somebody else's key under Ana's name, and a sign-off that was changed after it was given.
  expect(await sign('ana@example.org', 'mallory')).toMatchObject({ exit: 0 });
  expect((await run(...deploy)).err).toContain('no signature of ana@example.org by a key in');
  expect(await sign('ana@example.org', 'ana')).toMatchObject({ exit: 0 });
  const file = join(root, 'bundle.zip.signoff');
  const given = await readFile(file, 'utf8');
  await writeFile(file, given.replace('ana@', 'bob@'));
  expect(await run(...deploy)).toMatchObject({ exit: 2 });
  expect(await run('signoff', '--bundle', 'bundle.zip', '--verify')).toMatchObject({ exit: 8 });
  await writeFile(file, given);

  // Gates that changed after the sign-off.
  const gates = join(root, 'gates.json');
  const before = await readFile(gates, 'utf8');
  await writeFile(gates, before.replace('"threshold": 2', '"threshold": 3'));
  const tuned = await run(...deploy);
  expect(tuned).toMatchObject({ exit: 2 });
  expect(tuned.err).toContain('the gates with fingerprint');
  await writeFile(gates, before);

  const gone = await run(...deploy);
  expect(gone, gone.err).toMatchObject({ exit: 0 });
  expect(gone.out).toMatch(
    /release 1\.0 is signed off by ana@example\.org at .*, by a key of theirs/,
  );
});

it('without allowed_signers a sign-off is a name, and said to be', async () => {
  const { root, run } = await makeProject({ yaml: asksFor(null) });
  await makeBundle(root, '1.0');
  expect(await run('signoff', '--bundle', 'bundle.zip')).toMatchObject({ exit: 2 });
  const given = await run('signoff', '--bundle', 'bundle.zip', '--by', 'ana');
  expect(given).toMatchObject({ exit: 0 });
  expect(given.out).toContain('unauthenticated');
  const gone = await run(...deploy, '--dry-run');
  expect(gone, gone.err).toMatchObject({ exit: 0 });
  expect(gone.out).toContain('signed off by ana at');
  expect(gone.out).toContain('unauthenticated: no allowed_signers file is named');
});

it('a zip that is no bundle, one that is not there, and another version are refused', async () => {
  const { root, run } = await makeProject();
  const sign = (...more: string[]) =>
    run('signoff', '--bundle', 'bundle.zip', '--by', 'ana', ...more);
  expect(await sign()).toMatchObject({ exit: 2 });
  await writeFile(join(root, 'bundle.zip'), 'no zip');
  expect(await sign()).toMatchObject({ exit: 8 });
  await makeBundle(root, '1.0');
  expect((await sign('--version', '2.0')).err).toContain('rehearsed release 1.0, not 2.0');
});
