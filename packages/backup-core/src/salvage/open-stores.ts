import { open, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf } from '@dhash/basics/message-of';
import { onlyFileOf } from '../backup-files.ts';
import { BackupError } from '../errors.ts';
import { megabytes } from '../megabytes.ts';
import type { OpenBackup } from '../read-backup.ts';
import { whereItLeads } from '../restore/where-it-leads.ts';
import { sqliteTrouble } from '../source/sqlite-result.ts';
import type { PostgresSource, SqliteSource } from '../types.ts';
import { type EntryDigest, readEntry } from '../zip/read-entry.ts';
import { refuse } from '../zip/read-structure.ts';
import { postgresDialect } from './copy-text.ts';
import { postgresDumpRows, postgresLiveRows } from './postgres-rows.ts';
import type { SalvageStores } from './salvage-tables.ts';
import { type SqliteRows, sqliteCopyRows, sqliteDialect, sqliteLiveRows } from './sqlite-rows.ts';

const BUSY_MS = 10_000;

export interface StoreOptions {
  /** An empty folder (0700) for copies of databases. */
  readonly work: string;
  /** How long a SQLite database may stay locked by its service before this gives up, ms. Default: 10 s. */
  readonly busyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** Some room is left for everything else that lives on the filesystem. */
const USABLE_SHARE = 0.9;

const checkRoom = async (work: string, bytes: number): Promise<void> => {
  const { bavail, bsize } = await statfs(work);
  const free = bavail * bsize * USABLE_SHARE;
  if (bytes > free)
    throw new BackupError(
      'no-space',
      `copies of the databases need ${megabytes(bytes)}, ${megabytes(free)} can be used in ${work}; nothing was changed`,
      { file: work },
    );
};

/** Brings a database out of a backup into a file of its own. */
const extractDatabase = async (
  backup: OpenBackup,
  source: string,
  to: string,
  signal: AbortSignal | undefined,
): Promise<boolean> => {
  const file = onlyFileOf(backup.files, source);
  if (file === null) return false;
  await checkRoom(dirname(to), file.line.size);
  const handle = await open(to, 'wx', 0o600);
  try {
    const digest: EntryDigest = { sha256: '' };
    for await (const part of readEntry(backup, file.entry, digest, signal))
      await handle.writeFile(part);
    if (digest.sha256 !== file.line.sha256)
      refuse(backup.file, 11, 'it changed between its check and its reading', file.line.path);
  } finally {
    await handle.close();
  }
  return true;
};

/** What was set aside, and what the release began with. */
export interface Opened {
  readonly copy: OpenBackup;
  readonly base: OpenBackup | null;
}

export type Access = 'read' | 'write';

const withSqlite = async <T>(
  source: SqliteSource,
  { copy, base }: Opened,
  { work, busyMs = BUSY_MS, signal }: StoreOptions,
  access: Access,
  use: (stores: SalvageStores) => Promise<T>,
): Promise<T> => {
  const opened: SqliteRows[] = [];
  const rowsOf = async (backup: OpenBackup | null, name: string) => {
    const file = join(work, name);
    if (backup === null || !(await extractDatabase(backup, source.name, file, signal))) return null;
    const rows = await sqliteCopyRows(file, signal);
    opened.push(rows);
    return rows;
  };
  try {
    const from = await rowsOf(copy, 'copy.sqlite');
    const before = await rowsOf(base, 'base.sqlite');
    const live = await sqliteLiveRows(whereItLeads(source.path), { access, busyMs, signal });
    opened.push(live);
    if (from === null) throw new TypeError(`the copy holds no file of "${source.name}"`);
    return await use({ copy: from, base: before, live, dialect: sqliteDialect });
  } catch (error) {
    const trouble = sqliteTrouble(error);
    if (trouble === null) throw error;
    throw new BackupError(
      trouble === 'busy' ? 'sqlite-busy' : 'unreadable',
      `the rows of "${source.name}" (${source.path}) could not be read or put in: ${messageOf(error)}; nothing was put into it`,
      { file: source.path, cause: error },
    );
  } finally {
    for (const rows of opened) await rows.close();
  }
};

/** Opens the tables of a source in both backups and live, for as long as they are used. */
export const withStores = async <T>(
  source: SqliteSource | PostgresSource,
  opened: Opened,
  options: StoreOptions,
  access: Access,
  use: (stores: SalvageStores) => Promise<T>,
): Promise<T> => {
  if (source.type === 'sqlite') return withSqlite(source, opened, options, access, use);
  const { copy, base } = opened;
  const { signal } = options;
  return use({
    copy: postgresDumpRows(copy, source, signal),
    base: base === null ? null : postgresDumpRows(base, source, signal),
    live: await postgresLiveRows(source, signal),
    dialect: postgresDialect,
  });
};
