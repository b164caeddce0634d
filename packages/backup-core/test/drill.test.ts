import { mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import {
  applyPrune,
  createBackup,
  type Proof,
  readProof,
  surveyBackups,
  withdrawProof,
  withScratch,
  writeProof,
} from '../src/index.ts';

const backedUp = async () => {
  const root = await tempFolder();
  await mkdir(join(root, 'files'));
  await writeFile(join(root, 'files', 'a.txt'), 'a');
  const report = await createBackup({
    dir: join(root, 'backups'),
    root,
    service: 'notes',
    env: 'production',
    release: '1.0',
    migrations: [],
    sources: [{ name: 'files', type: 'files', path: join(root, 'files') }],
    tool: { name: 'test', version: '1' },
    now: () => Date.UTC(2026, 0, 1),
    sink: 'file',
  });
  return { dir: join(root, 'backups'), ...report };
};

const proofOf = (sha256: string): Proof => ({
  format: 1,
  sha256,
  contentRoot: 'c'.repeat(64),
  service: 'notes',
  env: 'production',
  at: '2026-01-02T00:00:00.000Z',
  tool: { name: 'test', version: '1' },
  started: '1.0',
  notLoaded: [],
  checks: [{ name: 'health', result: 'OK 3 times in a row' }],
  phases: [{ name: 'restore', ms: 12 }],
  totalMs: 12,
});

const options = { service: 'notes', env: 'production', maxShrink: 0.5 };

it('a proof is private, is read back, and goes with its zip', async () => {
  const { dir, file, sha256 } = await backedUp();
  await writeProof(file, proofOf(sha256));
  expect((await stat(`${file}.proof.json`)).mode & 0o777).toBe(0o600);
  expect(await readProof(file, sha256)).toEqual(proofOf(sha256));
  expect((await surveyBackups(dir, options))[0]?.provenAt).toBe('2026-01-02T00:00:00.000Z');
  await applyPrune(dir, { remove: [{ name: file.slice(dir.length + 1), reasons: [] }] });
  expect(await readdir(dir)).toEqual([]);
});

it.each([
  ['of another zip', (): unknown => proofOf('0'.repeat(64))],
  ['that is torn', (): unknown => '{"format":1,'],
  ['of a later format', (sha256: string): unknown => ({ ...proofOf(sha256), format: 2 })],
  ['without a time', (sha256: string): unknown => ({ ...proofOf(sha256), at: 'yesterday' })],
])('a proof %s counts for nothing', async (_, make) => {
  const { dir, file, sha256 } = await backedUp();
  const made = make(sha256);
  await writeFile(`${file}.proof.json`, typeof made === 'string' ? made : JSON.stringify(made));
  expect(await readProof(file, sha256)).toBeNull();
  expect((await surveyBackups(dir, options))[0]?.provenAt).toBeNull();
});

it('a proof of before there was anything that a drill does not load has loaded all', async () => {
  const { file, sha256 } = await backedUp();
  const { notLoaded, ...before } = proofOf(sha256);
  await writeFile(`${file}.proof.json`, JSON.stringify(before));
  expect(await readProof(file, sha256)).toEqual({ ...before, notLoaded });
});

it('a proof can be taken away, once', async () => {
  const { file, sha256 } = await backedUp();
  await writeProof(file, proofOf(sha256));
  expect(await withdrawProof(file)).toBe(true);
  expect(await withdrawProof(file)).toBe(false);
  expect(await readProof(file, sha256)).toBeNull();
});

it('a scratch folder is private, and goes also where the work in it fails', async () => {
  const dir = await tempFolder();
  const work = withScratch({ dir, now: Date.now() }, async (folder) => {
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await mkdir(join(folder, 'closed'));
    await writeFile(join(folder, 'closed', 'file'), '');
    throw new Error('it failed');
  });
  await expect(work).rejects.toThrow('it failed');
  expect(await readdir(dir)).toEqual([]);
});

it('what a killed drill left goes with the next one; that of a living one stays', async () => {
  const dir = await tempFolder();
  const gone = `.dhash-${2 ** 22 + 1}-0123456789ab.drill`;
  const living = `.dhash-${process.ppid}-0123456789ab.drill`;
  for (const name of [gone, living]) await mkdir(join(dir, name, 'data'), { recursive: true });
  const seen = await withScratch({ dir, now: Date.now() }, () => readdir(dir));
  expect(seen).not.toContain(gone);
  expect(seen).toContain(living);
  await rm(join(dir, living), { recursive: true });
});

it('a proof whose zip is gone is swept by the next backup', async () => {
  const first = await backedUp();
  await writeProof(first.file, proofOf(first.sha256));
  await rm(first.file);
  const root = join(first.dir, '..');
  const next = await createBackup({
    dir: first.dir,
    root,
    service: 'notes',
    env: 'production',
    release: '1.0',
    migrations: [],
    sources: [{ name: 'files', type: 'files', path: join(root, 'files') }],
    tool: { name: 'test', version: '1' },
    now: () => Date.UTC(2026, 0, 3),
    sink: 'file',
  });
  const names = await readdir(first.dir);
  expect(names.filter((name) => name.endsWith('.proof.json'))).toEqual([]);
  expect(names).toContain(next.file.slice(first.dir.length + 1));
});
