import { execFileSync } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPostgres, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { makeDatabase } from './support/sample.ts';

const source = fileURLToPath(new URL('../src/index.ts', import.meta.url));
const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const [twelveLines = '', servers = '', ...more] = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(
  ([, code]) => code,
);

/** Runs an example in a folder, as a program of its own; returns what it printed. */
const run = async (root: string, code: string, env: NodeJS.ProcessEnv = {}): Promise<string> => {
  await writeFile(join(root, 'example.mts'), code.replace("'@dhash/backup-core'", `'${source}'`));
  return execFileSync(process.execPath, ['--no-warnings', 'example.mts'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
};

it('runs the example of files and SQLite, which has twelve lines', async () => {
  const root = await tempFolder();
  await mkdir(join(root, 'data', 'pictures'), { recursive: true });
  await writeFile(join(root, 'data', 'pictures', 'a.jpg'), 'a');
  await makeDatabase(join(root, 'data', 'library.db'), 5);
  const output = await run(root, twelveLines);
  expect(output).toContain('files: 2');
  expect(output).toContain('hashes: 5');
  const lines = twelveLines.split('\n').filter((line) => line !== '');
  expect(lines.length).toBeLessThanOrEqual(13);
});

it('runs the example of a server and of commands, and there is no other', async () => {
  expect(more).toEqual([]);
  const root = await tempFolder();
  const server = await startPostgres();
  await server.sql('postgres', 'CREATE DATABASE shop');
  await server.sql('shop', 'CREATE TABLE orders (note text); INSERT INTO orders VALUES (1), (2)');
  await writeFile(join(root, 'cache.txt'), 'cached');
  await writeFile(join(root, 'dump-cache.sh'), '#!/bin/sh\ncat cache.txt\n', { mode: 0o755 });
  await writeFile(join(root, 'load-cache.sh'), '#!/bin/sh\ncat >loaded.txt\n', { mode: 0o755 });
  const output = await run(root, servers, { ORDERS_DATABASE_URL: server.url('shop') });
  expect(output).toContain('orders: { orders: 2 }');
  expect(await readFile(join(root, 'loaded.txt'), 'utf8')).toBe('cached');
  expect((await readdir(join(root, 'backups'))).filter((name) => name.startsWith('.'))).toEqual([]);
  expect(
    await server.sql('postgres', "SELECT datname FROM pg_database WHERE datname LIKE 'shop%'"),
  ).toEqual(['shop']);
});
