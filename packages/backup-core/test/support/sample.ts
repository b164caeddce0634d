import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import {
  type BackupOptions,
  type BackupReport,
  createBackup,
  type DataSource,
  stageRestore,
} from '../../src/index.ts';

export const AT_MS = Date.UTC(2026, 0, 31, 12, 0, 0);

/** A database in WAL mode with `rows` rows in `hashes` and two in `queue`. */
export const makeDatabase = async (path: string, rows: number): Promise<void> => {
  await mkdir(dirname(path), { recursive: true });
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA user_version = 7');
  db.exec('CREATE TABLE hashes (id INTEGER PRIMARY KEY, hash TEXT NOT NULL)');
  db.exec('CREATE TABLE queue (id INTEGER PRIMARY KEY); INSERT INTO queue VALUES (1), (2)');
  const insert = db.prepare('INSERT INTO hashes (hash) VALUES (?)');
  db.exec('BEGIN');
  for (let i = 0; i < rows; i++) insert.run(`${i}`.padStart(16, '0'));
  db.exec('COMMIT');
  db.close();
};

/** Bytes that look random and are the same in every run. */
export const noise = (bytes: number, seed = 1): Buffer => {
  const buffer = Buffer.alloc(bytes);
  let state = seed;
  for (let i = 0; i < bytes; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    buffer[i] = state >>> 24;
  }
  return buffer;
};

export interface Sample {
  readonly root: string;
  readonly dir: string;
  readonly sources: readonly DataSource[];
  readonly images: string;
  readonly library: string;
}

/** A folder of files of each kind, and a database. */
export const makeSample = async (root: string): Promise<Sample> => {
  const images = join(root, 'live', 'images');
  const library = join(root, 'live', 'library.db');
  await mkdir(join(images, 'cards', 'empty'), { recursive: true });
  await writeFile(join(images, 'cards', 'ace.json'), JSON.stringify({ text: 'ace '.repeat(400) }));
  await writeFile(join(images, 'cards', 'king.jpg'), noise(70_000));
  await writeFile(join(images, 'nothing'), '');
  await writeFile(join(images, 'umläut.txt'), 'x');
  await symlink('cards/ace.json', join(images, 'best'));
  await makeDatabase(library, 300);
  return {
    root,
    dir: join(root, 'backups'),
    images,
    library,
    sources: [
      { name: 'images', type: 'files', path: images },
      { name: 'library', type: 'sqlite', path: library },
    ],
  };
};

/** Options that back a sample up, changed where a test wants it. */
export const backupOptions = (
  sample: Sample,
  changes: Partial<BackupOptions> = {},
): BackupOptions => ({
  dir: sample.dir,
  root: sample.root,
  service: 'dhash',
  env: 'production',
  release: '1.0.0',
  migrations: ['001_first'],
  sources: sample.sources,
  tool: { name: '@dhash/backup-core', version: '0.1.0' },
  now: () => AT_MS,
  ...changes,
});

export const backUpSample = (
  sample: Sample,
  changes: Partial<BackupOptions> = {},
): Promise<BackupReport> => createBackup(backupOptions(sample, changes));

/** Rows of `hashes` in a backup whose only source is the database, by restoring it beside the live data. */
export const hashRows = async (sample: Sample, file: string): Promise<unknown> => {
  const { targets } = await stageRestore(file, { id: 'look', targets: sample.sources });
  const [target] = targets;
  if (target?.type !== 'sqlite') throw new Error('a database was to be staged');
  const db = new DatabaseSync(target.staged, { readOnly: true });
  const row = db.prepare('SELECT count(*) AS n FROM hashes').get();
  db.close();
  return row?.['n'];
};
