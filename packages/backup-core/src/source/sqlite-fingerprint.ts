import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import * as z from 'zod/mini';
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
  log: z.nullable(part),
});
export type SqliteFingerprint = z.infer<typeof sqliteFingerprint>;

type Part = z.infer<typeof part>;

const statOrNull = (path: string) =>
  stat(path, { bigint: true }).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  });

const readHeader = async (handle: FileHandle, bytes: number): Promise<string> => {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
  return buffer.toString('hex', 0, bytesRead);
};

/** Null where there is no log, or an empty one. SQLite holds no locks on its log: it may be closed here. */
const readLog = async (path: string): Promise<Part | null> => {
  const found = await statOrNull(path);
  if (found === null || found.size === 0n) return null;
  const handle = await open(path, 'r');
  try {
    // Where root opens a database, SQLite gives its log to the database's owner each time: its ctime says nothing.
    const facts = factsOf(found);
    return {
      stat: { ...facts, ctimeNs: facts.mtimeNs },
      header: await readHeader(handle, LOG_HEADER_BYTES),
    };
  } finally {
    await handle.close();
  }
};

/**
 * What a database is by its header, its log's header and both stats; null where a journal lies beside it, which
 * says that a commit is under way or was cut off. Two that are equal, before and after a read transaction began,
 * are those of what the transaction sees: a commit between them had moved the log's end, its salts, or the
 * change counter.
 *
 * `database` is the file, open; it must stay open for as long as this process has a connection: whoever closes any
 * descriptor of a file drops all POSIX locks that the process holds on it, those of the transaction too.
 */
export const readFingerprint = async (
  name: string,
  database: FileHandle,
): Promise<SqliteFingerprint | null> => {
  // SQLite keeps log and journal beside the file that a link leads to.
  const path = await realpath(name);
  const journal = await statOrNull(`${path}-journal`);
  if (journal !== null && journal.size > 0n) return null;
  const named = factsOf(await stat(path, { bigint: true }));
  // Another file was put there since it was opened.
  if (!isSameStat(named, factsOf(await database.stat({ bigint: true })))) return null;
  return {
    database: { stat: named, header: await readHeader(database, HEADER_BYTES) },
    log: await readLog(`${path}-wal`),
  };
};

const isSamePart = (a: SqliteFingerprint['log'], b: SqliteFingerprint['log']): boolean =>
  a === null || b === null ? a === b : a.header === b.header && isSameStat(a.stat, b.stat);

export const isSameFingerprint = (a: SqliteFingerprint, b: SqliteFingerprint): boolean =>
  isSamePart(a.database, b.database) && isSamePart(a.log, b.log);
