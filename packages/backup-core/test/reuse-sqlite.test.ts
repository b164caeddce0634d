import { chmod, copyFile, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { type BackupReport, stageRestore, swapIn, verifyBackup } from '../src/index.ts';
import { backUpSample, hashRows, makeSample, type Sample } from './support/sample.ts';

/** After everything that a test wrote before; what it writes later is seen by its content. */
const LATER_MS = Date.now() + 3_600_000;

const onlyDatabase = async (): Promise<Sample> => {
  const sample = await makeSample(await tempFolder());
  return { ...sample, sources: sample.sources.filter(({ type }) => type === 'sqlite') };
};

const backUpAt = async (sample: Sample, hours: number): Promise<BackupReport> => {
  const report = await backUpSample(sample, { now: () => LATER_MS + hours * 3_600_000 });
  await verifyBackup(report.file);
  return report;
};

/** Rows of `hashes` in a backup, by restoring it beside the live data. */
const rowsIn = async (sample: Sample, { file, manifest }: BackupReport): Promise<unknown> => {
  const rows = await hashRows(sample, file);
  expect(manifest.sources[0]?.tables?.['hashes']).toBe(rows);
  return rows;
};

/** A connection that leaves its log where it is. */
const service = (path: string): DatabaseSync => {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA wal_autocheckpoint = 0');
  return db;
};

const addRow = (db: DatabaseSync): void => db.exec("INSERT INTO hashes (hash) VALUES ('more')");

it('takes a database over that nobody wrote to, closed or open', async () => {
  const sample = await onlyDatabase();
  const first = await backUpAt(sample, 0);
  const second = await backUpAt(sample, 1);
  expect([second.reused.files, second.sha256]).toEqual([1, first.sha256]);
  expect(second.manifest).toEqual({ ...first.manifest, createdAt: second.manifest.createdAt });

  // Open, with committed rows that are only in its log: the next backup copies, the one after takes over.
  const db = service(sample.library);
  addRow(db);
  const third = await backUpAt(sample, 2);
  expect(third.reused.files).toBe(0);
  const fourth = await backUpAt(sample, 3);
  expect([fourth.reused.files, fourth.sha256]).toEqual([1, third.sha256]);
  expect(await rowsIn(sample, fourth)).toBe(301);
  db.close();
});

it.each<{ what: string; rows: number; change: (sample: Sample, db: DatabaseSync) => unknown }>([
  { what: 'a commit into the log', rows: 302, change: (_, db) => addRow(db) },
  {
    what: 'a checkpoint, and as many frames as were in the log before',
    rows: 302,
    change: (_, db) => {
      db.exec('PRAGMA wal_checkpoint(RESTART)');
      addRow(db);
    },
  },
  {
    what: 'a checkpoint alone',
    rows: 301,
    change: (_, db) => db.exec('PRAGMA wal_checkpoint(TRUNCATE)'),
  },
  { what: 'VACUUM', rows: 301, change: (_, db) => db.exec('VACUUM') },
  {
    what: 'rows of the same size, and the time set back',
    rows: 301,
    change: async ({ library }, db) => {
      const { atimeMs, mtimeMs } = await stat(library);
      db.exec("UPDATE hashes SET hash = replace(hash, '0', 'f'); PRAGMA wal_checkpoint(TRUNCATE)");
      await utimes(library, atimeMs / 1000, mtimeMs / 1000);
    },
  },
  {
    what: 'a commit in another journal mode',
    rows: 302,
    change: (_, db) => {
      db.exec('PRAGMA journal_mode = DELETE');
      addRow(db);
    },
  },
  {
    what: 'another file of the same bytes',
    rows: 301,
    change: async ({ library, root }, db) => {
      db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      await copyFile(library, join(root, 'other.db'));
      await rename(join(root, 'other.db'), library);
    },
  },
  { what: 'another mode', rows: 301, change: ({ library }) => chmod(library, 0o640) },
])('copies a database again after $what', async ({ change, rows }) => {
  const sample = await onlyDatabase();
  const db = service(sample.library);
  addRow(db);
  await backUpAt(sample, 0);
  await change(sample, db);
  const second = await backUpAt(sample, 1);
  expect(second.reused.files).toBe(0);
  expect(await rowsIn(sample, second)).toBe(rows);
  db.close();
});

it('copies a database again that an older backup was put back over', async () => {
  const sample = await onlyDatabase();
  const old = await backUpAt(sample, 0);
  const db = new DatabaseSync(sample.library);
  addRow(db);
  db.close();
  await backUpAt(sample, 1);
  const { targets } = await stageRestore(old.file, { id: 'back', targets: sample.sources });
  await swapIn(targets);
  const third = await backUpAt(sample, 2);
  expect(third.reused.files).toBe(0);
  expect(await rowsIn(sample, third)).toBe(300);
});

it('goes on from the state of a backup of before databases were in it', async () => {
  const sample = await onlyDatabase();
  const first = await backUpAt(sample, 0);
  const { databases, ...before } = JSON.parse(await readFile(`${first.file}.state.json`, 'utf8'));
  expect(databases).toHaveProperty('library');
  await writeFile(`${first.file}.state.json`, JSON.stringify(before));
  const second = await backUpAt(sample, 1);
  expect([second.reused.files, second.sha256]).toEqual([0, first.sha256]);
  expect((await backUpAt(sample, 2)).reused.files).toBe(1);
});

it('trusts no database that is as new as the backup before', async () => {
  const sample = await onlyDatabase();
  await backUpSample(sample, { now: () => Date.now() - 60_000 });
  const second = await backUpSample(sample, { now: () => Date.now() });
  expect(second.reused.files).toBe(0);
});

it('copies a database whose packed bytes rotted, and one beside which a journal lies', async () => {
  const sample = await onlyDatabase();
  const first = await backUpAt(sample, 0);
  const bytes = await readFile(first.file);
  bytes[200] = (bytes[200] ?? 0) ^ 1;
  await writeFile(first.file, bytes);
  const second = await backUpAt(sample, 1);
  expect([second.reused.files, second.sha256]).toEqual([0, first.sha256]);
  await writeFile(`${sample.library}-journal`, 'a commit that was cut off');
  expect((await backUpAt(sample, 2)).reused.files).toBe(0);
});
