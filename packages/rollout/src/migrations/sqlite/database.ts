import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';

/** How long to wait for another connection's lock, ms. */
const lockWaitMs = 10_000;

/** Byte 18 of the header: 2 where the file is in WAL mode (sqlite.org/fileformat.html, 1.3). */
const writeVersionOffset = 18;
const walVersion = 2;

const isWal = async (file: string): Promise<boolean> => {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, writeVersionOffset);
    return bytesRead === 1 && buffer[0] === walVersion;
  } finally {
    await handle.close();
  }
};

/**
 * Opens a database to look at it. A reader of a WAL database that nobody has open would make its
 * -wal and -shm files and leave them there; it is read as the unchanging file that it then is.
 */
export const openToRead = async (file: string): Promise<DatabaseSync> => {
  const atRest = (await isWal(file)) && !existsSync(`${file}-wal`);
  const address = pathToFileURL(file);
  if (atRest) address.searchParams.set('immutable', '1');
  return new DatabaseSync(address, { readOnly: true, timeout: lockWaitMs });
};

/**
 * Opens a database to migrate it. Foreign keys are checked at the end of each migration instead of
 * within: rebuilding a table (the only way to change a column) would else delete by cascade.
 */
export const openToMigrate = (file: string): DatabaseSync =>
  new DatabaseSync(file, { timeout: lockWaitMs, enableForeignKeyConstraints: false });

/** Tables of the service, by name. */
export const tableNames = (db: DatabaseSync): string[] =>
  db
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!' ORDER BY name",
    )
    .all()
    .map((row) => String(row['name']));

/** Rows per table. */
export const rowCounts = (db: DatabaseSync): Record<string, number> =>
  Object.fromEntries(
    tableNames(db).map((name) => {
      const row = db.prepare(`SELECT count(*) AS n FROM "${name.replaceAll('"', '""')}"`).get();
      return [name, Number(row?.['n'])];
    }),
  );

/** SQLITE_ERROR: what a check needs is not here (a collation, a function, a parent key that is none). Damage has codes of its own. */
const lacks = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  (error.errcode & 0xff) === 1;

/** A check that can't be made finds nothing: that is no fault of the data. */
const whereItCan = <T>(check: () => T[], instead: () => T[]): T[] => {
  try {
    return check();
  } catch (error) {
    if (!lacks(error)) throw error;
    return instead();
  }
};

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** References that lead nowhere, a line each, of the tables whose references SQLite can check; empty is good. */
export const brokenReferences = (db: DatabaseSync): string[] => {
  const check = (of: string) => () => db.prepare(`PRAGMA foreign_key_check${of}`).all();
  return whereItCan(check(''), () =>
    tableNames(db).flatMap((name) => whereItCan(check(`(${quoted(name)})`), () => [])),
  ).map(
    (row) =>
      `${row['table']} row ${row['rowid'] ?? '?'} refers to a missing row of ${row['parent']}`,
  );
};

/** What integrity_check finds, a line each, or where that needs what only the service has, quick_check; empty is good. */
export const integrityFindings = (db: DatabaseSync): string[] => {
  const check = (pragma: string) => () => db.prepare(`PRAGMA ${pragma}`).all();
  return whereItCan(check('integrity_check'), () => whereItCan(check('quick_check'), () => []))
    .map((row) => String(Object.values(row)[0]))
    .filter((finding) => finding !== 'ok');
};
