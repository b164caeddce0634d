import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ArchivedData, archiveData, finishArchive, type Written } from './archive-data.ts';
import { nextBackupTime, renderBackupName } from './backup-name.ts';
import { type BackupJob, type BackupOptions, checkOptions } from './backup-options.ts';
import { refuseDanglingLink } from './dangling-link.ts';
import { makeFolder } from './disk.ts';
import { BackupError, isSystemError, systemSaid } from './errors.ts';
import { FORMAT_LIMITS, type FormatLimits } from './limits.ts';
import type { Manifest } from './manifest.ts';
import { databaseOf } from './postgres/psql.ts';
import { NOTHING_SAVED, type PreviousWork, withPrevious, writeState } from './previous-backup.ts';
import { backupTimes, publishBackup, publishIncomplete } from './publish-backup.ts';
import { openBackup } from './read-backup.ts';
import { renderRescue } from './rescue/render-rescue.ts';
import { shownManifest } from './shown-manifest.ts';
import { SIDECAR_SUFFIX } from './sidecar.ts';
import type { CommandSource, DataSource } from './types.ts';
import { sweepLeftovers, sweepUnfinished, workName } from './work-files.ts';
import { PreviousRotted, type ReusedWork } from './write-entries.ts';
import { fileSink, nullSink } from './zip/sink.ts';

/** What was backed up, and where it lies. */
export interface BackupReport {
  /** The zip. With `sink: 'null'`, the name that it would have had. */
  readonly file: string;
  readonly sidecar: string;
  /** SHA-256 (hex) of the whole zip. */
  readonly sha256: string;
  /** Size of the zip. */
  readonly bytes: number;
  /** Files in the backup, the manifest not counted. */
  readonly entries: number;
  readonly contentRoot: string;
  readonly manifest: Manifest;
  readonly ms: number;
  /** What was taken over from the previous backup. */
  readonly reused: ReusedWork;
  /**
   * What could not be read, each with its reason. Where this is not empty, the zip has no `dhash_*` name: it
   * lies in `<dir>/incomplete/`, and is no backup to rely on.
   */
  readonly incomplete: readonly string[];
  /**
   * What the backup does not hold, or what was not checked, and is no fault of it: a pattern that matches nothing, a socket,
   * a time that can't be kept, a check of SQLite's that needs the service's own functions. A sentence each, for people.
   */
  readonly notes: readonly string[];
}

/**
 * Backs data up into one zip that shows under its name only when it is whole, durable and has its sidecar.
 *
 * @throws BackupError `bad-option`, `source-refused`, `sqlite-busy`, `sqlite-damaged`, `clock-set-back`,
 * `unreadable`, `write-failed`; the signal's reason when aborted. Nothing is left behind in any of these cases.
 */
export const createBackup = (options: BackupOptions): Promise<BackupReport> =>
  createBackupWithin(FORMAT_LIMITS, options);

/** The same within other limits than the format's. */
export const createBackupWithin = async (
  limits: FormatLimits,
  options: BackupOptions,
): Promise<BackupReport> => {
  const job = checkOptions(options, limits);
  const startedMs = job.now();
  try {
    job.signal?.throwIfAborted();
    const done = job.sink === 'null' ? await rehearse(job) : await backUp(job, startedMs);
    const { manifest, published, facts: _, ...rest } = done;
    const createdAt = new Date(published.atMs).toISOString();
    return {
      ...rest,
      file: published.file,
      sidecar: published.sidecar,
      contentRoot: manifest.contentRoot,
      manifest: shownManifest({ ...manifest, createdAt }),
      ms: job.now() - startedMs,
      incomplete: manifest.incomplete,
      notes: manifest.sources.flatMap(({ notes = [] }) => notes),
    };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    if (job.signal?.aborted === true) throw error;
    throw new BackupError(
      'write-failed',
      `the backup could not be written to ${job.dir}: ${systemSaid(error)}. No backup was changed or added`,
      { file: job.dir, cause: error },
    );
  }
};

type Done = Written & { published: { file: string; sidecar: string; atMs: number } };

/**
 * Writes with what the previous backup saves, and once more without it where it rots meanwhile. What is known of that
 * one is let go then: of many files it is as much as the rest of the work needs.
 */
const withSoundPrevious = (
  job: BackupJob,
  nowMs: number,
  write: (previous: PreviousWork) => Promise<ArchivedData>,
): Promise<ArchivedData> =>
  withPrevious(job, nowMs, async (previous) => {
    try {
      return await write(previous);
    } catch (error) {
      if (!(error instanceof PreviousRotted)) throw error;
      return write(NOTHING_SAVED);
    }
  });

const backUp = async (job: BackupJob, startedMs: number): Promise<Done> => {
  const { dir, disk, env, root, tag } = job;
  await refuseDanglingLink(dir);
  await makeFolder(disk, dir);
  await sweepLeftovers(disk, dir, startedMs);
  // Before hours of work: the clock may be wrong.
  nextBackupTime(startedMs, await backupTimes(dir), dir);
  const part = join(dir, workName('part'));
  try {
    const handle = await disk.open(part, 'wx', 0o600);
    const written = await withSoundPrevious(job, startedMs, async (previous) => {
      await handle.truncate(0);
      return archiveData(job, fileSink(handle), dir, previous);
    })
      .then((data) => finishArchive(job, data))
      .finally(() => handle.close());
    job.signal?.throwIfAborted();
    // What gets a name can be read, by whoever will restore it.
    await openBackup(part, async () => undefined);
    const archive = { disk, dir, root, part, sha256: written.sha256, env, tag, nowMs: startedMs };
    const { complete, incomplete } = written.manifest;
    const rescue = rescueFor(job, written);
    const published = complete
      ? await publishBackup({ ...archive, ...(rescue === null ? {} : { rescue }) })
      : await publishIncomplete(archive, incomplete);
    if (complete) {
      const { file } = published;
      const { facts } = written;
      const rehashedAtMs = facts.rehashedAtMs ?? startedMs;
      const known = { startedAtMs: startedMs, ...facts, rehashedAtMs };
      await writeState(disk, file, known).catch((error: unknown) => {
        // The backup stands. Without its state the next one reads everything, and is as good.
        if (!isSystemError(error)) throw error;
      });
    }
    return { ...written, published };
  } finally {
    await disk.rm(part, { recursive: false, force: true });
  }
};

/** Where a rescue script finds what is live. */
const placeOf = (source: DataSource): string => {
  if (source.type === 'postgres') return databaseOf(source);
  return 'path' in source ? source.path : (source.cwd ?? process.cwd());
};

const holdsOneOf = (secrets: readonly string[], { dump, load, verify = '' }: CommandSource) => {
  const texts = [dump, load, verify].flat();
  return secrets.some((secret) => texts.some((text) => text.includes(secret)));
};

/** Renders the rescue script, given the name that the zip gets. */
const rescueFor = (
  { rescue: hints = {}, sources }: BackupJob,
  { manifest, sha256 }: Written,
): ((zip: string) => Iterable<string>) | null => {
  if (hints === 'none') return null;
  const live = new Map(sources.map((source) => [source.name, placeOf(source)] as const));
  const commands = new Map(
    sources.flatMap((source) =>
      source.type === 'command' && !holdsOneOf(hints.secrets ?? [], source)
        ? [[source.name, source] as const]
        : [],
    ),
  );
  return (zip) => renderRescue({ zip, sha256, manifest, live, commands, hints });
};

const nearestExisting = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));

/** A dry run: the same work into nothing. Copies of databases need a place: that of the backups, where there is room. */
const rehearse = async (job: BackupJob): Promise<Done> => {
  const place = job.rehearseIn ?? nearestExisting(job.dir);
  await sweepUnfinished(job.disk, place, job.now());
  const folder = join(place, workName('rehearsal'));
  await job.disk.mkdir(folder, { mode: 0o700 });
  try {
    const data = await withSoundPrevious(job, job.now(), (previous) =>
      archiveData(job, nullSink(), folder, previous),
    );
    const written = await finishArchive(job, data);
    const atMs = nextBackupTime(job.now(), await backupTimes(job.dir), job.dir);
    const file = join(job.dir, renderBackupName(atMs, job.env, job.tag));
    return { ...written, published: { file, sidecar: `${file}${SIDECAR_SUFFIX}`, atMs } };
  } finally {
    await job.disk.rm(folder, { recursive: true, force: true });
  }
};
