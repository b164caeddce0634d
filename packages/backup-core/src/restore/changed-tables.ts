import { open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { onlyFileOf } from '../backup-files.ts';
import type { ManifestFile } from '../manifest.ts';
import { openBackup } from '../read-backup.ts';
import { mustOpenReadOnly } from '../source/inspect-sqlite.ts';
import { workName } from '../work-files.ts';
import { readEntry } from '../zip/read-entry.ts';
import { hashPath } from './hash-path.ts';
import { exists } from './move.ts';
import { SQLITE_SIDECARS } from './staged-target.ts';

/**
 * Digests of tables, of what is in their rows in the order in which they lie. As text and on a thread of its own, like the
 * inspection. A table that can't be read here is left out.
 */
const WORKER = `
const { createHash } = require('node:crypto');
const { parentPort, workerData } = require('node:worker_threads');
const { DatabaseSync } = require('node:sqlite');
const quoted = (name) => '"' + name.replaceAll('"', '""') + '"';
const db = new DatabaseSync(workerData.path, { readOnly: workerData.readOnly, timeout: 5000 });
db.exec('PRAGMA query_only = ON');
const digestOf = (table) => {
  const columns = db.prepare('PRAGMA table_info(' + quoted(table) + ')').all().map(({ name }) => name);
  const hash = createHash('sha256').update(JSON.stringify(columns));
  const rows = db.prepare('SELECT ' + columns.map((name) => 'quote(' + quoted(name) + ')').join(" || ',' || ")
    + ' AS text FROM ' + quoted(table) + ' NOT INDEXED');
  for (const { text } of rows.iterate()) hash.update(text + ';');
  return hash.digest('hex');
};
const digests = workerData.tables.flatMap((table) => {
  try { return [[table, digestOf(table)]]; } catch (error) {
    if ((error.errcode & 0xff) !== 1) throw error;
    return [];
  }
});
db.close();
parentPort.postMessage(digests);
`;

const digestsOf = (
  path: string,
  tables: readonly string[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, string>> =>
  new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, {
      eval: true,
      execArgv: ['--no-warnings'],
      workerData: { path, tables, readOnly: mustOpenReadOnly(path) },
    });
    const onAbort = () => {
      worker.terminate().then(() => reject(signal?.reason), reject);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    const done = () => signal?.removeEventListener('abort', onAbort);
    worker.once('message', (digests: [string, string][]) => {
      done();
      resolve(new Map(digests));
    });
    worker.once('error', (error) => {
      done();
      reject(error);
    });
    if (signal?.aborted) onAbort();
  });

export interface ChangedTablesOptions {
  /** The database. */
  readonly path: string;
  /** The backup's line of it. */
  readonly line: ManifestFile;
  /** The zip. */
  readonly backup: string;
  /** Tables with as many rows as in the backup. */
  readonly tables: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

const isUntouched = async ({ path, line, signal }: ChangedTablesOptions): Promise<boolean> => {
  for (const suffix of SQLITE_SIDECARS) if (await exists(path + suffix)) return false;
  return (await hashPath(path, signal)) === line.sha256;
};

const extract = (
  backup: string,
  { path }: ManifestFile,
  to: string,
  signal: AbortSignal | undefined,
) =>
  openBackup(backup, async (opened) => {
    const file = onlyFileOf(opened.files, path.slice(0, path.indexOf('/')));
    if (file === null) return;
    const handle = await open(to, 'wx', 0o600);
    try {
      for await (const part of readEntry(opened, file.entry, { sha256: '' }, signal))
        await handle.writeFile(part);
    } finally {
      await handle.close();
    }
  });

/** Those of the tables in which something is written that the backup has not, though they have as many rows. */
export const changedTables = async (options: ChangedTablesOptions): Promise<string[]> => {
  const { backup, line, path, tables, signal } = options;
  if (tables.length === 0 || (await isUntouched(options))) return [];
  const copy = join(dirname(path), workName('compare'));
  try {
    await extract(backup, line, copy, signal);
    const before = await digestsOf(copy, tables, signal);
    const after = await digestsOf(path, tables, signal);
    return tables.filter((table) => before.has(table) && before.get(table) !== after.get(table));
  } finally {
    for (const suffix of ['', ...SQLITE_SIDECARS]) await rm(copy + suffix, { force: true });
  }
};
