import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { messageOf } from '@dhash/basics/message-of';
import { BackupError } from '../errors.ts';
import { sqliteTrouble } from './sqlite-result.ts';

/** What is known of a database. */
export interface SqliteFacts {
  /** Rows per table; virtual tables are left out, since their modules may not be there. */
  readonly tables: Record<string, number>;
  /** Names of the columns of each table. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
  /** What integrity_check complained of; empty where it found nothing. */
  readonly problems: readonly string[];
  readonly foreignKeyViolations: number;
  /** What could not be checked here, and why: a sentence each. That is no damage. */
  readonly notes: readonly string[];
  readonly userVersion: number;
  readonly schemaVersion: number;
  readonly applicationId: number;
  readonly pageSize: number;
  readonly pageCount: number;
}

/**
 * node:sqlite is synchronous, and a check of a big database takes seconds: it runs on a thread of its own.
 * As text, because a bundle has no second file to start one from.
 */
const WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const db = new DatabaseSync(workerData.immutable ? new URL(workerData.url) : workerData.path, {
  readOnly: workerData.readOnly, timeout: 5000,
});
db.exec('PRAGMA query_only = ON; PRAGMA cache_size = -' + workerData.cacheKibibytes);
const quoted = (name) => '"' + name.replaceAll('"', '""') + '"';
const pragma = (name) => Object.values(db.prepare('PRAGMA ' + name).get() ?? {})[0] ?? 0;
const notes = [];
// SQLITE_ERROR: what it needs is not here (a collation, a function, a parent key that is none). Damage has codes of its own.
const isOurLack = (error) => (error.errcode & 0xff) === 1;
const orElse = (first, instead) => {
  try { return first(); } catch (error) { if (!isOurLack(error)) throw error; return instead(error); }
};
// Rows that break the service's own rules are as they were written.
const OWN_RULES = /^(?:CHECK constraint failed in|NULL value in) /;
const run = (check) => db.prepare('PRAGMA ' + check).all().map((row) => String(Object.values(row)[0]))
  .filter((text) => text !== 'ok' && !OWN_RULES.test(text));
const names = () => db.prepare(
  "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\\\_%' ESCAPE '\\\\' " +
  "AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name").all().map((row) => row.name);
const checkTable = (name) => {
  const problems = orElse(() => run('integrity_check(' + quoted(name) + ')'), () =>
    orElse(() => run('quick_check(' + quoted(name) + ')'), (error) => {
      orElse(() => db.prepare('SELECT count(*) FROM ' + quoted(name) + ' NOT INDEXED').get(),
        () => db.prepare('SELECT sum(ncell) FROM dbstat WHERE name = ?').get(name));
      notes.push('the rows of ' + name + ' could not be checked (' + error.message + '): only that its pages can be read');
      return [];
    }));
  return problems;
};
const checkAll = (check) => orElse(() => run(check), (error) => {
  notes.push('a check of SQLite needs what only the service has (' + error.message + '): each table was checked as far as can be without');
  return names().flatMap(checkTable);
});
const problems = workerData.check === 'none' ? [] : checkAll(workerData.check);
const keysOf = (name) => orElse(
  () => db.prepare('PRAGMA foreign_key_check(' + quoted(name) + ')').all().length,
  (error) => { notes.push('the foreign keys of ' + name + ' can not be checked: ' + error.message); return 0; });
const foreignKeyViolations = workerData.check === 'none' || problems.length > 0 ? 0
  : orElse(() => db.prepare('PRAGMA foreign_key_check').all().length,
    () => names().reduce((sum, name) => sum + keysOf(name), 0));
db.exec('BEGIN');
const countOf = (name) => orElse(
  () => [[name, db.prepare('SELECT count(*) AS rows FROM ' + quoted(name)).get().rows]],
  () => orElse(() => [[name, db.prepare('SELECT count(*) AS rows FROM ' + quoted(name) + ' NOT INDEXED').get().rows]],
    (error) => { notes.push('the rows of ' + name + ' can not be counted: ' + error.message); return []; }));
const tables = problems.length > 0 || workerData.counts === false ? [] : names().flatMap(countOf);
const columns = problems.length > 0 ? [] : names().map((name) =>
  [name, db.prepare('PRAGMA table_xinfo(' + quoted(name) + ')').all().map((row) => row.name)]);
const facts = {
  tables, columns, problems, foreignKeyViolations, notes,
  userVersion: pragma('user_version'), schemaVersion: pragma('schema_version'),
  applicationId: pragma('application_id'), pageSize: pragma('page_size'), pageCount: pragma('page_count'),
};
db.close();
parentPort.postMessage(facts);
`;

/**
 * How to open a database that others may use without leaving a trace. A read-only connection can't remove the
 * -wal and -shm that it had to make, so where there is no log a writable one is used (for reading): the last
 * to close takes them away. Where a log lies, a writable one would fold it into the database on closing.
 */
export const mustOpenReadOnly = (path: string): boolean => existsSync(`${path}-wal`);

/** integrity_check reads every index; above this size quick_check does without. */
const QUICK_CHECK_BYTES = 2 ** 30;

/**
 * A check looks each row up in each index, at places all over it: with SQLite's 2 MB it reads most pages again and
 * again. This holds an index of about a million rows; measured on 60 MB, 2 MB takes 1.5 s, 16 MB 1.4, 24 MB 1.0, and more no less.
 */
const CACHE_KIBIBYTES = 24 * 1024;

/** How a database file is opened: `copy` is ours alone (no -wal or -shm is made), `live` may be in use. */
export type Inspection =
  | { readonly path: string; readonly kind: 'copy'; readonly bytes: number }
  | {
      readonly path: string;
      readonly kind: 'live';
      /** False: `tables` stays empty. Default: true. */
      readonly counts?: boolean;
    };

/**
 * Checks a copy, or counts the rows of a live database (with what is in its log).
 *
 * @throws BackupError `sqlite-damaged` where the file is no sound database, `write-failed` where a copy of ours is gone.
 */
export const inspectSqlite = (
  inspection: Inspection,
  signal?: AbortSignal,
): Promise<SqliteFacts> => {
  const { path } = inspection;
  const check =
    inspection.kind === 'live'
      ? 'none'
      : inspection.bytes > QUICK_CHECK_BYTES
        ? 'quick_check'
        : 'integrity_check';
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, {
      eval: true,
      execArgv: ['--no-warnings'],
      workerData: {
        path,
        url: `${pathToFileURL(path).href}?immutable=1`,
        immutable: inspection.kind === 'copy',
        readOnly: inspection.kind === 'copy' || mustOpenReadOnly(path),
        check,
        counts: inspection.kind === 'copy' || inspection.counts,
        cacheKibibytes: CACHE_KIBIBYTES,
      },
    });
    const onAbort = () => {
      worker.terminate().then(() => reject(signal?.reason), reject);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const done = () => signal?.removeEventListener('abort', onAbort);
    worker.once(
      'message',
      (
        facts: Omit<SqliteFacts, 'tables' | 'columns'> & {
          tables: [string, number][];
          columns: [string, string[]][];
        },
      ) => {
        done();
        const [tables, columns] = [
          Object.fromEntries(facts.tables),
          Object.fromEntries(facts.columns),
        ];
        resolve({ ...facts, tables, columns });
      },
    );
    worker.once('error', (cause) => {
      done();
      // Of a copy of ours that is gone or can't be read, the database that it was made of is not to blame.
      const isGone = inspection.kind === 'copy' && sqliteTrouble(cause) === 'disk';
      reject(
        new BackupError(
          isGone ? 'write-failed' : 'sqlite-damaged',
          isGone
            ? `the copy of a database can't be read back from ${path}: ${messageOf(cause)}`
            : `${path} can't be read as a SQLite database: ${messageOf(cause)}`,
          { file: path, cause },
        ),
      );
    });
    if (signal?.aborted) onAbort();
  });
};

/**
 * Facts of a copy that must be sound.
 *
 * @throws BackupError `sqlite-damaged`
 */
export const checkSqliteCopy = async (
  path: string,
  bytes: number,
  of: string,
  signal?: AbortSignal,
): Promise<SqliteFacts> => {
  const facts = await inspectSqlite({ path, kind: 'copy', bytes }, signal);
  if (facts.problems.length > 0)
    throw new BackupError(
      'sqlite-damaged',
      `${of} does not pass SQLite's integrity_check: ${facts.problems.slice(0, 3).join('; ')}`,
      { file: of, problems: facts.problems },
    );
  return facts;
};
