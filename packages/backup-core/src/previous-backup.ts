import type { BigIntStats } from 'node:fs';
import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { type BackupFile, onlyFileOf } from './backup-files.ts';
import type { BackupJob } from './backup-options.ts';
import type { Disk } from './disk.ts';
import { isBackupError, isSystemError } from './errors.ts';
import { later } from './later.ts';
import { listBackups } from './list-backups.ts';
import type { ManifestFrame, ManifestSource } from './manifest.ts';
import { type OpenBackup, openBackup } from './read-backup.ts';
import { replaceFile } from './replace-file.ts';
import {
  isSameFingerprint,
  type SqliteFingerprint,
  sqliteFingerprint,
} from './source/sqlite-fingerprint.ts';
import { isSettled } from './stat-facts.ts';
import { rowIndex } from './table/row-index.ts';
import { readStatTable, type StatTable } from './table/stat-table.ts';

/** Lies beside its zip: what must not be in it, because it would make the same data give other bytes. */
const STATE_SUFFIX = '.state.json';

const state = z.object({
  format: z.literal(2),
  /** When the backup began, Unix epoch, ms. */
  startedAtMs: z.number(),
  /** When every file was last read, and nothing reused by its stat facts. */
  rehashedAtMs: z.number(),
  manifestSha256: z.string(),
  /** A row for each entry of the archive but the manifest. */
  stats: z.pipe(
    z.base64(),
    z.transform((text) => readStatTable(Buffer.from(text, 'base64'))),
  ),
  /** What each database was when it was copied, by source; one that others wrote to just then is not here. */
  databases: z._default(z.record(z.string(), sqliteFingerprint), {}),
});
/** What is known of a backup besides what is in it. */
export type BackupState = Omit<z.infer<typeof state>, 'format'>;
/** The same of a backup that was made just now. */
export type NewState = Omit<BackupState, 'stats'> & { readonly stats: StatTable };

/** A database as it was archived, and its facts in the manifest. */
export interface PreviousDatabase {
  readonly backup: PreviousBackup;
  readonly file: BackupFile;
  readonly facts: ManifestSource;
}

/** The backup before this one, as far as it can save work. */
export interface PreviousBackup {
  readonly rehashedAtMs: number;
  /** The file as it was archived, where nothing says that it changed since. */
  unchanged(path: string, stat: BigIntStats): BackupFile | null;
  /** The database as it was archived, whatever became of it since. */
  database(source: string): PreviousDatabase | null;
  /** The file as it was archived, whatever became of it since. */
  file(path: string): BackupFile | null;
  /** Bytes of its zip; null where they can't be read any more, which must not keep a new backup from being made. */
  read(at: number, bytes: number, buffer?: Buffer): Promise<Buffer | null>;
}

/** What the backup before this one may save. It is opened while its caller begins with what needs nothing of it. */
export interface PreviousWork {
  /** Null where it can't be reused. */
  readonly opened: Promise<PreviousBackup | null>;
  /** The database as it was archived, where nothing says that it changed since; waits for `opened` only there. */
  unchangedDatabase(source: string, now: SqliteFingerprint): Promise<PreviousDatabase | null>;
}

/** Where everything has to be read. */
export const NOTHING_SAVED: PreviousWork = {
  opened: Promise.resolve(null),
  unchangedDatabase: async () => null,
};

/** Stat facts are trusted for this long; then everything is read again. */
const TRUST_MS = 7 * 24 * 60 * 60 * 1000;

const readState = async (file: string): Promise<BackupState | null> => {
  try {
    const parsed = state.safeParse(JSON.parse(await readFile(`${file}${STATE_SUFFIX}`, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch (error) {
    // Without it a backup reads everything: slower, and never wrong.
    if (error instanceof SyntaxError || isSystemError(error)) return null;
    throw error;
  }
};

/** Whether a database is the one that was copied, and nothing can have been written to it within the same tick. */
const isRecorded = (known: BackupState, source: string, now: SqliteFingerprint): boolean => {
  const before = known.databases[source];
  const settled = [now.database, now.log ?? now.database].every(({ stat }) =>
    isSettled(stat, known.startedAtMs),
  );
  return before !== undefined && settled && isSameFingerprint(now, before);
};

const previousOf = (backup: OpenBackup, known: BackupState): PreviousBackup => {
  const { files } = backup;
  const rows = rowIndex((row) => files.at(row).line.path);
  for (let row = 0; row < files.length; row++) rows.add(files.at(row).line.path, row);
  const fileOf = (path: string) => {
    const row = rows.find(path);
    return row === null ? null : files.at(row);
  };
  const previous: PreviousBackup = {
    rehashedAtMs: known.rehashedAtMs,
    unchanged: (path, stat) => {
      const row = rows.find(path);
      if (row === null || !isSettled(stat, known.startedAtMs)) return null;
      return known.stats.isSame(row, stat) ? files.at(row) : null;
    },
    database: (source) => {
      const facts = backup.manifest.sources.find(({ name }) => name === source);
      const file = onlyFileOf(files, source);
      if (facts?.type !== 'sqlite' || file === null) return null;
      return { backup: previous, file, facts };
    },
    file: fileOf,
    read: (at, bytes, buffer) =>
      backup.read(at, bytes, buffer).catch((error: unknown) => {
        if (isBackupError(error) || isSystemError(error)) return null;
        throw error;
      }),
  };
  return previous;
};

/** Packed bytes are only the same where the same zlib packs them. */
const samePacker = ({ tool }: ManifestFrame): boolean =>
  tool.zlib === process.versions.zlib && tool.arch === process.arch;

/**
 * Runs `use` with the newest backup of the same service and environment, where it can be reused: its
 * structure holds, its manifest is the one its state was written for, and stat facts are not older than a week.
 */
export const withPrevious = async <T>(
  job: BackupJob,
  nowMs: number,
  use: (previous: PreviousWork) => Promise<T>,
): Promise<T> => {
  if (job.rehash === true) return use(NOTHING_SAVED);
  const newest = (await listBackups(job.dir)).find(({ env }) => env === job.env);
  const known = newest === undefined ? null : await readState(newest.file);
  if (newest === undefined || known === null) return use(NOTHING_SAVED);
  if (nowMs - known.rehashedAtMs >= TRUST_MS || nowMs < known.startedAtMs)
    return use(NOTHING_SAVED);

  const { promise: opened, resolve, reject } = later<PreviousBackup | null>();
  const used = later<void>();
  const closed = openBackup(newest.file, async (backup) => {
    const { manifest, manifestSha256 } = backup;
    const isKnown =
      manifest.service === job.service &&
      samePacker(manifest) &&
      manifestSha256 === known.manifestSha256;
    resolve(isKnown ? previousOf(backup, known) : null);
    await used.promise;
  }).catch((error: unknown) => {
    // An old backup that is damaged, or can't be read, must not keep a new one from being made.
    if (isBackupError(error) || isSystemError(error)) resolve(null);
    else reject(error);
  });
  // Whoever waits for it gets the failure; where all failed before, nobody does.
  opened.catch(() => undefined);
  try {
    return await use({
      opened,
      unchangedDatabase: async (source, now) =>
        isRecorded(known, source, now) ? ((await opened)?.database(source) ?? null) : null,
    });
  } finally {
    used.resolve();
    await closed;
  }
};

/** Base64 of the whole, in parts. */
function* inBase64(blocks: readonly Buffer[]): Generator<string> {
  let rest: Buffer = Buffer.alloc(0);
  for (const block of blocks) {
    const bytes = Buffer.concat([rest, block]);
    // After three bytes each it goes on as if nothing had been before.
    const end = bytes.length - (bytes.length % 3);
    yield bytes.toString('base64', 0, end);
    rest = bytes.subarray(end);
  }
  yield rest.toString('base64');
}

/** Its text in parts, as the table of many files is large. */
function* renderState({ stats, ...known }: NewState): Generator<string> {
  yield `${JSON.stringify({ format: 2, ...known }).slice(0, -1)},"stats":"`;
  yield* inBase64(stats.blocks());
  yield '"}\n';
}

/** Writes the state of a published backup beside it. */
export const writeState = (disk: Disk, file: string, content: NewState): Promise<void> =>
  replaceFile(disk, `${file}${STATE_SUFFIX}`, 'state', renderState(content));
