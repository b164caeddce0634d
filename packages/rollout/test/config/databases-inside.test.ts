import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createBackup, readManifest, stageRestore, swapIn } from '@dhash/backup-core';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { dataSourcesOf } from '../../src/config/data-source.ts';
import { databasesInside } from '../../src/config/databases-inside.ts';
import { environmentConfig, loadConfig } from '../../src/config/load-config.ts';

it.each([
  ['storage', ['production.sqlite3'], ['storage-production']],
  [
    'storage',
    ['a/Main DB.db', 'b/main-db.db', 'c/x'],
    ['storage-main-db', 'storage-main-db-2', 'storage-x'],
  ],
  ['s'.repeat(41), ['a.db', 'b.db'], ['s'.repeat(41), `${'s'.repeat(39)}-2`]],
])('%s with %j has the sources %j beside it', (folder, paths, names) => {
  const found = databasesInside(folder, paths);
  expect(found.map(({ name }) => name)).toEqual(names);
  expect(found.every(({ name }) => /^[a-z0-9][a-z0-9_-]{0,40}$/.test(name))).toBe(true);
});

it('takes a folder with its database, consistently, and puts both back', async () => {
  const root = await tempFolder();
  const storage = join(root, 'storage');
  await mkdir(join(storage, 'old'), { recursive: true });
  await writeFile(join(storage, 'blob'), 'blob');
  // Of the same name, and no database.
  await writeFile(join(storage, 'old', '[1].db'), 'a file');
  const db = new DatabaseSync(join(storage, '[1].db'));
  db.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (a); INSERT INTO t VALUES (1)');
  const sources = dataSourcesOf(
    { name: 'storage', type: 'files', path: 'storage', sqlite: ['[1].db'] },
    { root, backups: join(root, 'backups'), commands: { given: {}, withheld: [], problem: null } },
  );
  const { file, notes } = await createBackup({
    ...{ dir: join(root, 'backups'), root, service: 's', env: 'e', release: null, migrations: [] },
    ...{ sources, tool: { name: 'test', version: '1' }, now: () => Date.UTC(2026, 0, 31) },
  });
  expect(notes).toEqual([]);
  const manifest = await readManifest(file);
  expect(manifest.entries.map(({ path }) => path).sort()).toEqual([
    'storage--1-/[1].db',
    'storage/blob',
    'storage/old/[1].db',
  ]);
  db.exec('INSERT INTO t VALUES (2)');
  db.close();
  await rm(join(storage, 'blob'));
  const { targets } = await stageRestore(file, { id: 'test', targets: [...sources] });
  await swapIn(targets, { sources });
  expect(await readFile(join(storage, 'blob'), 'utf8')).toBe('blob');
  const back = new DatabaseSync(join(storage, '[1].db'));
  expect(back.prepare('SELECT count(*) AS n FROM t').get()).toEqual({ n: 1 });
  back.close();
});

const YAML = `service: s
gates: gates.json
environments:
  e:
    url: http://127.0.0.1:1
    health: { path: /health }
    data:
      - { name: storage, type: files, path: storage, sqlite: ["production.sqlite3"] }
MORE    target: { type: releases, root: app, artifact: "dist/{version}", start: ./start.sh, stop: ./stop.sh }
    migrations: { dir: "m/{version}", database: storage-production }
    rollback: { data: auto }
`;

const load = async (more: string, change = (yaml: string) => yaml) => {
  const root = await tempFolder();
  await writeFile(join(root, 'rollout.yaml'), change(YAML.replace('MORE', more)));
  const file = await loadConfig(join(root, 'rollout.yaml'));
  return { root, config: environmentConfig(file, 'e', {}) };
};

it('is one source in rollout.yaml and two for the libraries; migrations may name the database', async () => {
  const { root, config } = await load('');
  expect(config.data).toEqual([
    expect.objectContaining({ name: 'storage', type: 'files' }),
    { name: 'storage-production', type: 'sqlite', path: join(root, 'storage/production.sqlite3') },
  ]);
  expect(config.migrations).toMatchObject({
    database: { path: join(root, 'storage/production.sqlite3') },
  });
  expect(config.rollback.data).toBe('auto');
});

it.each([
  [
    '      - { name: storage-production, type: files, path: x }\n',
    'is there twice|is there already',
  ],
  [
    '      - { name: db, type: sqlite, path: storage/production.sqlite3 }\n',
    'lies in the same place',
  ],
])('refuses what clashes with it: %s', async (more, problem) => {
  await expect(load(more)).rejects.toThrow(new RegExp(problem));
});

it('refuses a path that leads out of the folder', async () => {
  await expect(
    load('', (yaml) => yaml.replace('"production.sqlite3"', '"../production.sqlite3"')),
  ).rejects.toThrow('inside the folder');
});
