import { open, realpath, stat } from 'node:fs/promises';
import { z } from 'zod';
import { systemCode } from '../errors.ts';
import { factsOf, isSameStat, statFacts } from '../stat-facts.ts';

/** Of the database's header: change counter, size in pages, schema cookie (sqlite.org/fileformat2.html, 1.3). */
const HEADER_BYTES = 100;
/** Of the log's header: its salts, which every restart of the log changes (4.1). */
const LOG_HEADER_BYTES = 32;

const part = z.object({ stat: statFacts, header: z.string() });

/** What has to be the same for a database to be the one that was copied. */
export const sqliteFingerprint = z.object({
  database: part,
  /** Null where there is no log, or an empty one: then all is in the database. */
  log: part.nullable(),
});
export type SqliteFingerprint = z.infer<typeof sqliteFingerprint>;

/** Null where the file is missing or empty. */
const readPart = async (path: string, bytes: number): Promise<z.infer<typeof part> | null> => {
  const found = await stat(path, { bigint: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  });
  if (found === null || found.size === 0n) return null;
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    return { stat: factsOf(found), header: buffer.toString('hex', 0, bytesRead) };
  } finally {
    await handle.close();
  }
};

/**
 * What a database is by its header, its log's header and both stats; null where a journal lies beside it, which
 * says that a commit is under way or was cut off. Two that are equal, before and after a read transaction began,
 * are those of what the transaction sees: a commit between them had moved the log's end, its salts, or the
 * change counter.
 */
export const readFingerprint = async (name: string): Promise<SqliteFingerprint | null> => {
  // SQLite keeps log and journal beside the file that a link leads to.
  const path = await realpath(name);
  if ((await readPart(`${path}-journal`, 0)) !== null) return null;
  const database = await readPart(path, HEADER_BYTES);
  if (database === null) return null;
  const log = await readPart(`${path}-wal`, LOG_HEADER_BYTES);
  if (log === null) return { database, log };
  // Where root opens a database, SQLite gives its log to the database's owner each time: its ctime says nothing.
  return { database, log: { ...log, stat: { ...log.stat, ctimeNs: log.stat.mtimeNs } } };
};

const isSamePart = (a: SqliteFingerprint['log'], b: SqliteFingerprint['log']): boolean =>
  a === null || b === null ? a === b : a.header === b.header && isSameStat(a.stat, b.stat);

export const isSameFingerprint = (a: SqliteFingerprint, b: SqliteFingerprint): boolean =>
  isSamePart(a.database, b.database) && isSamePart(a.log, b.log);
