import { fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it, vi } from 'vitest';
import { type Progress, stageRestore, verifyBackup } from '../src/index.ts';
import { backUpSample, hashRows, makeDatabase, makeSample, type Sample } from './support/sample.ts';

const WRITER = fileURLToPath(new URL('./support/writer-process.ts', import.meta.url));

const onlyDatabase = (root: string, library: string): Sample => ({
  root,
  dir: join(root, 'backups'),
  images: '',
  library,
  sources: [{ name: 'library', type: 'sqlite', path: library }],
});

it.each([
  ['WAL', 'without a pause'],
  ['DELETE', 'without a pause'],
  // Between two commits there is no journal, and no writer holds a lock.
  ['WAL', 'pausing'],
  ['DELETE', 'pausing'],
  // As a disk whose fsync takes long: readers get in between two commits only.
  ['DELETE', 'holding the lock'],
])('copies one moment of a %s database that another process writes to %s', async (mode, pace) => {
  const root = await tempFolder();
  const library = join(root, 'live.db');
  const db = new DatabaseSync(library);
  db.exec(`PRAGMA journal_mode = ${mode}`);
  db.exec(
    'CREATE TABLE first (units INTEGER); INSERT INTO first VALUES (0); CREATE TABLE log (text TEXT)',
  );
  db.exec(
    'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) INSERT INTO log SELECT hex(randomblob(100)) FROM n',
  );
  // Its page comes after those of the log: a copy of two moments sees one table earlier than the other.
  db.exec('CREATE TABLE last (units INTEGER); INSERT INTO last VALUES (0)');
  db.close();
  const sample = onlyDatabase(root, library);
  const writer = fork(WRITER, [library, pace], { execArgv: ['--no-warnings'] });
  try {
    await once(writer, 'message');
    const { file, manifest } = await backUpSample(sample);
    const asked = once(writer, 'message');
    writer.send('how many?');
    const [commits] = await asked;
    expect(commits).toBeGreaterThan(20);
    await verifyBackup(file);
    const staged = await stageRestore(file, { id: 'a', targets: sample.sources });
    const copy = new DatabaseSync(staged.targets[0]?.staged ?? '', { readOnly: true });
    const row = copy
      .prepare('SELECT first.units + last.units AS sum, last.units AS moved FROM first, last')
      .get();
    // Every commit keeps the sum: a copy of two moments would not.
    expect(row).toEqual({ sum: 0, moved: expect.any(Number) });
    const lines = copy.prepare('SELECT count(*) AS rows FROM log').get();
    expect(manifest.sources[0]?.tables?.['log']).toBe(lines?.['rows']);
    copy.close();
  } finally {
    const ended = once(writer, 'exit');
    writer.kill('SIGKILL');
    await ended;
  }
});

it.each([
  {
    what: 'is missing',
    make: async () => undefined,
    says: 'ENOENT',
    code: 'source-refused',
  },
  {
    what: 'is empty',
    make: (path: string) => writeFile(path, ''),
    says: 'empty',
    code: 'source-refused',
  },
  {
    what: 'is no database',
    make: (path: string) => writeFile(path, 'x'.repeat(5000)),
    says: 'not a database',
    code: 'source-refused',
  },
])('refuses a database that $what, and leaves nothing behind', async ({ make, says, code }) => {
  const root = await tempFolder();
  const library = join(root, 'live.db');
  await make(library);
  const sample = onlyDatabase(root, library);
  await expect(backUpSample(sample)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(says),
  });
  expect(await readdir(sample.dir)).toEqual([]);
});

it('gives up on a database that stays locked, and says what keeps it so', async () => {
  const root = await tempFolder();
  const library = join(root, 'live.db');
  await makeDatabase(library, 3);
  const db = new DatabaseSync(library);
  db.exec('PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE');
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 500));
  try {
    await expect(backUpSample(onlyDatabase(root, library))).rejects.toMatchObject({
      code: 'sqlite-busy',
      message: expect.stringContaining('stayed locked for 10 seconds: another program'),
    });
  } finally {
    clock.mockRestore();
    db.close();
  }
});

it('refuses a damaged database instead of keeping the damage', async () => {
  const root = await tempFolder();
  const library = join(root, 'live.db');
  await makeDatabase(library, 3000);
  const db = new DatabaseSync(library);
  db.exec('PRAGMA journal_mode = DELETE');
  const root2 = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'hashes'").get();
  db.close();
  const { open } = await import('node:fs/promises');
  const handle = await open(library, 'r+');
  await handle.write(Buffer.alloc(2000, 0xee), 0, 2000, Number(root2?.['rootpage']) * 4096 - 2000);
  await handle.close();
  await expect(backUpSample(onlyDatabase(root, library))).rejects.toMatchObject({
    code: 'sqlite-damaged',
  });
});

it('refuses a database in use inside a folder of files, and says what to declare', async () => {
  const sample = await makeSample(await tempFolder());
  await mkdir(join(sample.images, 'db'));
  const inside = join(sample.images, 'db', 'x.db');
  await makeDatabase(inside, 3);
  const open = new DatabaseSync(inside);
  open.exec('INSERT INTO queue VALUES (9)');
  await expect(backUpSample(sample)).rejects.toMatchObject({
    code: 'source-refused',
    message: expect.stringContaining('type sqlite'),
  });
  const [images, library] = sample.sources;
  if (images?.type !== 'files' || library === undefined)
    throw new Error('the sample has two sources');
  await backUpSample(sample, { sources: [{ ...images, exclude: ['db/x.db*'] }, library] });
  open.close();
});

/** Runs `meddle` when the first piece of the database was copied. */
const duringCopy = (meddle: () => void) => {
  let isDone = false;
  return {
    onProgress: ({ phase }: Progress) => {
      if (phase !== 'copy' || isDone) return;
      isDone = true;
      meddle();
    },
  };
};

it('copies a database without a log as its file lies there, and no commit or checkpoint gets into it', async () => {
  const root = await tempFolder();
  const library = join(root, 'live.db');
  await makeDatabase(library, 120_000);
  const sample = onlyDatabase(root, library);
  const before = createHash('sha256')
    .update(await readFile(library))
    .digest('hex');
  const service = new DatabaseSync(library);
  const report = await backUpSample(
    sample,
    duringCopy(() => {
      service.exec("UPDATE hashes SET hash = 'other'; DELETE FROM hashes WHERE id % 2 = 0");
      service.exec('PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)');
    }),
  );
  service.close();
  expect(report.manifest.entries[0]).toMatchObject({ sha256: before });
  expect(await hashRows(sample, report.file)).toBe(120_000);
});

it('does not keep what a program changed that does not keep to the locks of SQLite', async () => {
  const root = await tempFolder();
  const library = join(root, 'live.db');
  await makeDatabase(library, 120_000);
  const sample = onlyDatabase(root, library);
  const bytes = await readFile(library);
  const report = await backUpSample(
    sample,
    duringCopy(() => writeFileSync(library, bytes)),
  );
  expect(await hashRows(sample, report.file)).toBe(120_000);
});
