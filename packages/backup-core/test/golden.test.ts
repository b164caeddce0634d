import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { sharedPostgres, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import {
  type DataSource,
  listBackups,
  proveRestored,
  stageRestore,
  swapIn,
  verifyBackup,
} from '../src/index.ts';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));
const GOLDEN = join(PACKAGE, 'test', 'golden');
const kept = await listBackups(GOLDEN);

/** As changesets writes it: a heading for each version that was released. */
const released = async (): Promise<string[]> => {
  const names = await readdir(PACKAGE);
  if (!names.includes('CHANGELOG.md')) return [];
  const text = await readFile(join(PACKAGE, 'CHANGELOG.md'), 'utf8');
  return [...text.matchAll(/^## (\d+\.\d+\.\d+\S*)$/gm)].map(([, version = '']) => version);
};

it('has a backup of each released version, and of this one', async () => {
  const { version } = JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8'));
  const missing = [...(await released()), version].filter(
    (each) => !kept.some(({ tag }) => tag === each),
  );
  // At a release: scripts/make-golden.js makes it.
  expect(missing).toEqual([]);
});

const server = sharedPostgres();

/** Verifies and restores a golden backup, and looks at all that it holds. */
const hold = async (file: string, name: string): Promise<void> => {
  const root = await tempFolder();
  const copy = join(root, name);
  await copyFile(file, copy);
  await copyFile(`${file}.sha256`, `${copy}.sha256`);
  expect((await verifyBackup(copy)).manifest).toMatchObject({ format: 1, complete: true });
  const live = join(root, 'live');
  await mkdir(live);
  await server.sql('postgres', 'CREATE DATABASE live');
  const sources: readonly DataSource[] = [
    { name: 'images', type: 'files', path: join(live, 'images') },
    { name: 'library', type: 'sqlite', path: join(live, 'library.db') },
    { name: 'orders', type: 'postgres', url: server.url('live') },
    {
      ...{ name: 'cache', type: 'command', dump: 'echo what is live', load: 'cat >cache' },
      ...{ folder: live, cwd: live },
    },
  ];
  const { targets, manifest } = await stageRestore(copy, { id: 'golden', targets: sources });
  await swapIn(targets, { sources });
  const proof = await proveRestored(manifest, sources);
  expect(proof.tables).toEqual({ library: { hashes: 2 }, orders: { orders: 2 } });
  expect(await server.sql('live', 'SELECT note FROM orders')).toEqual(['first', 'second']);
  expect(await readFile(join(live, 'cache'), 'utf8')).toBe('cached\n');
  expect((await readdir(join(live, 'images'))).sort()).toEqual(
    ['12:30.txt', 'a.json', 'empty', 'link', 'noise.bin', 'nothing'].sort(),
  );
  expect(await readFile(join(live, 'images', 'a.json'), 'utf8')).toBe('text '.repeat(500));
  expect(await readlink(join(live, 'images', 'link'))).toBe('a.json');
};

it.each(kept)('verifies and restores the backup of version $tag', ({ file, name }) =>
  hold(file, name),
);

it('the one of the next release will be made by the script, which replaces none', async () => {
  const into = await tempFolder();
  const script = join(PACKAGE, 'scripts', 'make-golden.js');
  const make = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--conditions=@dhash/source', script, ...args]);
  for (const name of ['first', 'second']) await server.sql('postgres', `CREATE DATABASE ${name}`);
  const { stdout } = await make(server.url('first'), into);
  const [made] = await listBackups(dirname(stdout.trim()));
  if (made === undefined) throw new Error(`it made none: ${stdout}`);
  await hold(made.file, made.name);
  await expect(make(server.url('second'), into)).rejects.toThrow('EEXIST');
  await expect(make()).rejects.toThrow('name an empty PostgreSQL database first');
});
