import type { BigIntStats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '@dhash/basics/message-of';
import { BackupError } from '../errors.ts';
import { copyFrozen } from './copy-frozen.ts';
import { mustOpenReadOnly } from './inspect-sqlite.ts';
import {
  isSameFingerprint,
  readFingerprint,
  type SqliteFingerprint,
} from './sqlite-fingerprint.ts';
import { isShutOut, sqliteTrouble } from './sqlite-result.ts';

/** Pages copied between two turns of the event loop; measured: 100 is slower, more makes no difference. */
const PAGES_PER_STEP = 1000;
/** How long others may keep the database locked, without one moment between, before the backup gives up. */
const LOCK_WAIT_MS = 10_000;

export interface SqliteCopyOptions<Known> {
  readonly name: string;
  readonly path: string;
  /** Makes an empty file for the copy, so that its mode is right; returns its path. */
  readonly newCopy: () => Promise<string>;
  /** What is known of the database as it is now, where it need not be copied. */
  readonly findKnown: (fingerprint: SqliteFingerprint) => Promise<Known | null>;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((done: number, total: number) => void) | undefined;
}

/** A database at the moment that its read transaction began. */
export type SqliteCopy<Known> = {
  /** Of the live file. */
  readonly stat: BigIntStats;
  /** Null where it could not be told for sure: others wrote when the transaction began. */
  readonly fingerprint: SqliteFingerprint | null;
} & (
  | { readonly copy: string; readonly known: null }
  | { readonly copy: null; readonly known: Known }
);

/**
 * Copies a database while others write to it, unless it is known. The connection holds a read transaction over the whole copy:
 * without one, `backup()` starts again whenever another connection commits between two steps, and never ends
 * under more than about 20 commits a second.
 *
 * @throws BackupError `source-refused`, `sqlite-busy`
 */
export const copySqlite = async <Known>(
  options: SqliteCopyOptions<Known>,
): Promise<SqliteCopy<Known>> => {
  const { name, path } = options;
  const refused: Refusal = (why, cause) =>
    new BackupError('source-refused', `the source "${name}" (${path}) can't be backed up: ${why}`, {
      file: path,
      cause,
    });
  const facts = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw refused(messageOf(error), error);
  });
  if (!facts.isFile()) throw refused('it is not a file');
  if (facts.size === 0n) throw refused('it is empty, so it is not a database yet');

  const live = await open(path, 'r').catch((error: unknown) => {
    throw refused(messageOf(error), error);
  });
  try {
    return await copyOpen(options, live, facts, refused);
  } finally {
    // After the connection: closing it drops this process's locks on the file.
    await live.close();
  }
};

const whyUnreadable = (error: unknown): string =>
  isShutOut(error)
    ? `${messageOf(error)}. To read a database in WAL mode, SQLite writes into its folder: run as the user of the service, on a disk that is not read-only`
    : messageOf(error);

type Refusal = (why: string, cause?: unknown) => BackupError;

const copyOpen = async <Known>(
  options: SqliteCopyOptions<Known>,
  live: FileHandle,
  facts: BigIntStats,
  refused: Refusal,
): Promise<SqliteCopy<Known>> => {
  const { path, signal, onBytes } = options;
  const asUnreadable = (error: unknown) => refused(whyUnreadable(error), error);
  const fingerprintNow = () =>
    readFingerprint(path, live).catch((error: unknown) => {
      throw asUnreadable(error);
    });
  const before = await fingerprintNow();
  let db: DatabaseSync;
  try {
    db = new DatabaseSync(path, { readOnly: mustOpenReadOnly(path), timeout: 0 });
    db.exec('PRAGMA query_only = ON');
  } catch (error) {
    throw asUnreadable(error);
  }
  try {
    const size = await pin(db, options, refused);
    const after = await fingerprintNow();
    const isSure = before !== null && after !== null && isSameFingerprint(before, after);
    const fingerprint = isSure ? after : null;
    const known = fingerprint === null ? null : await options.findKnown(fingerprint);
    if (known !== null) return { copy: null, known, stat: facts, fingerprint };
    const copy = await options.newCopy();
    const isCopied =
      fingerprint?.log === null &&
      (await copyFrozen({
        from: live,
        facts: fingerprint.database.stat,
        bytes: size.pages * size.pageBytes,
        to: copy,
        signal,
        onBytes,
        asUnreadable,
      })) === 'copied';
    if (!isCopied)
      await copyPages(db, size, copy, options).catch((error: unknown) => {
        throw copyFailure(options, copy, error) ?? asUnreadable(error);
      });
    signal?.throwIfAborted();
    return { copy, known: null, stat: facts, fingerprint };
  } finally {
    // Closing ends the read transaction too.
    db.close();
  }
};

type DatabaseSize = { readonly pages: number; readonly pageBytes: number };

const copyPages = async (
  db: DatabaseSync,
  { pages, pageBytes }: DatabaseSize,
  copy: string,
  { name, path, signal, onBytes }: SqliteCopyOptions<unknown>,
): Promise<void> => {
  const watchdog = stepsLimit(pages);
  let steps = 0;
  await backup(db, copy, {
    rate: PAGES_PER_STEP,
    progress: ({ remainingPages, totalPages }) => {
      signal?.throwIfAborted();
      if (++steps > watchdog)
        throw new BackupError(
          'sqlite-busy',
          `the copy of the source "${name}" (${path}) took ${steps} steps where ${Math.ceil(pages / PAGES_PER_STEP)} are enough: it starts again and again. Is another program writing without SQLite's locks?`,
          { file: path },
        );
      onBytes?.((totalPages - remainingPages) * pageBytes, totalPages * pageBytes);
    },
  });
};

/** What keeps a copy from being made and is not the database's own fault; null where it is. */
const copyFailure = (
  { name, path }: SqliteCopyOptions<unknown>,
  copy: string,
  error: unknown,
): unknown => {
  switch (sqliteTrouble(error)) {
    case null:
      return error;
    case 'busy':
      return stayedLocked({ name, path }, error);
    case 'disk':
      return new BackupError(
        'write-failed',
        `the copy of the source "${name}" could not be written to ${dirname(copy)}: ${messageOf(error)}. No backup was changed or added`,
        { file: dirname(copy), cause: error },
      );
    case 'source':
      return null;
  }
};

const stayedLocked = (
  { name, path }: { readonly name: string; readonly path: string },
  cause: unknown,
): BackupError =>
  new BackupError(
    'sqlite-busy',
    `the source "${name}" (${path}) stayed locked for ${LOCK_WAIT_MS / 1000} seconds: another program writes to it without a pause, or keeps a transaction open`,
    { file: path, cause },
  );

/**
 * Begins the read transaction that keeps the copy from starting again; returns how large the database is.
 *
 * A writer with a rollback journal locks readers out from its first fsync to its last, so one that commits without a pause
 * leaves them microseconds. SQLite's own waiting looks every 100 ms and can miss all of those for minutes: here the lock is
 * tried for at every turn of the event loop.
 */
const pin = async (
  db: DatabaseSync,
  { name, path, signal }: SqliteCopyOptions<unknown>,
  refused: Refusal,
): Promise<DatabaseSize> => {
  const numberOf = (pragma: string) => Number(db.prepare(`PRAGMA ${pragma}`).get()?.[pragma] ?? 0);
  const deadline = performance.now() + LOCK_WAIT_MS;
  for (;;) {
    try {
      if (!db.isTransaction) db.exec('BEGIN');
      db.prepare('SELECT count(*) FROM sqlite_schema').get();
      return { pages: numberOf('page_count'), pageBytes: numberOf('page_size') };
    } catch (error) {
      if (sqliteTrouble(error) !== 'busy') throw refused(whyUnreadable(error), error);
      if (performance.now() > deadline) throw stayedLocked({ name, path }, error);
    }
    await nextTurn();
    signal?.throwIfAborted();
  }
};

/** A copy that goes on past this many steps has started again: remainingPages alone can't be trusted to show it. */
const stepsLimit = (pages: number): number => 3 * Math.ceil(pages / PAGES_PER_STEP) + 10;
