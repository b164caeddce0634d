import { basename, join } from 'node:path';
import {
  applyPrune,
  type BackupReport,
  type CopyRecord,
  createBackup,
  describeShrink,
  type RescueHints,
  recordSummary,
  type ShrinkFinding,
  surveyBackups,
  verifyBackup,
} from '@dhash/backup-core';
import type { Command, EnvironmentConfig } from '../config/types.ts';
import type { CommandContext } from '../environment/context.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { appliedMigrations } from '../migrations/applied.ts';
import { openScratch, sweepScratch } from '../process/scratch.ts';
import { tool } from '../tool.ts';
import { showProgress } from '../words/progress.ts';
import { backupRoom, checkRoom } from './backup-room.ts';
import { copyElsewhere } from './copies/copy-elsewhere.ts';
import { retainAfterBackup } from './retention/after-backup.ts';
import type { Removed } from './retention/retention.ts';

/** Where a backup goes: into the environment's folder, or nowhere (a dry run reads everything and keeps nothing). */
export type BackupSink = 'file' | 'null';

export interface BackupRequest {
  readonly config: EnvironmentConfig;
  /** Release that the data belongs to; stamped into the backup. */
  readonly release: string | null;
  readonly tag?: string;
  readonly sink?: BackupSink;
}

/** What was written, without its manifest: of many files that is not to be held while they are verified. */
type WrittenBackup = Omit<BackupReport, 'manifest'>;

/** A backup that was taken and verified, and what followed from it. */
export interface TakenBackup extends WrittenBackup {
  /** What fell too far against the backup before; the backup is kept, and so is every older one. */
  readonly shrunken: readonly ShrinkFinding[];
  /** How the copies that were due went, those of older backups among them. */
  readonly copies: readonly CopyRecord[];
  /** What retention removed after it. */
  readonly removed: Removed;
}

/**
 * Backs an environment's data up. Where it was kept: verifies what lies on disk now, flags it where it shrank,
 * and lets retention remove what it no longer keeps.
 *
 * @throws BackupError `no-space` before anything is written, and as `createBackup` and `verifyBackup`
 */
export const takeBackup = async (
  context: CommandContext,
  request: BackupRequest,
): Promise<TakenBackup> => {
  const { config, sink = 'file' } = request;
  const { service, env, backup } = config;
  const survey = { service, env, maxShrink: backup.maxShrink };
  await sweepScratch(backup.dir);
  const earlier = await surveyBackups(backup.dir, survey);
  checkRoom(await backupRoom(config, earlier, { signal: context.signal }), config);
  const report = await writeBackup(context, request);
  for (const note of report.notes) context.output.warn(note);
  if (report.incomplete.length > 0) throw incompleteError(report, sink);
  if (sink === 'null')
    return { ...report, shrunken: [], copies: [], removed: { backups: [], aged: [] } };
  await verifyTaken(context, backup.dir, report);
  const taken = (await surveyBackups(backup.dir, survey)).find(({ file }) => file === report.file);
  const shrunken = taken?.shrunken ?? [];
  for (const finding of shrunken) context.output.warn(`it shrank: ${describeShrink(finding)}`);
  if (shrunken.length > 0)
    context.output.warn(
      `no older backup is removed until somebody accepts that: backup --env ${env} --accept-shrink ${report.file} --reason "…"`,
    );
  const copies = await copyElsewhere(context, config);
  return { ...report, shrunken, copies, removed: await retainAfterBackup(context, config) };
};

/** A rehearsal copies databases too: where they lie meanwhile is as safe a place as that of the backups. */
const writeBackup = async (
  context: CommandContext,
  request: BackupRequest,
): Promise<WrittenBackup> => {
  if (request.sink !== 'null') return writeTo(context, request, null);
  const scratch = await openScratch(request.config.backup.dir);
  try {
    return await writeTo(context, request, scratch.folder);
  } finally {
    await scratch.remove();
  }
};

const writeTo = async (
  context: CommandContext,
  { config, release, tag, sink = 'file' }: BackupRequest,
  rehearseIn: string | null,
): Promise<WrittenBackup> => {
  const progress = showProgress(context);
  const { manifest: _, ...written } = await createBackup({
    dir: config.backup.dir,
    root: config.root,
    service: config.service,
    env: config.env,
    release,
    migrations: await appliedMigrations(config),
    ...(tag === undefined ? {} : { tag }),
    // A snapshot of somebody else's can't be made for nothing.
    sources: config.data.filter(({ type }) => sink === 'file' || type !== 'external'),
    tool,
    now: context.clock.now,
    signal: context.signal,
    sink,
    ...(rehearseIn === null ? {} : { rehearseIn }),
    rescue: rescueHints(config),
    onProgress: progress.show,
  }).finally(progress.end);
  return written;
};

/** How the service is stopped and started, for people; what is secret in it is left out. */
const rescueHints = ({ target, root, secrets }: EnvironmentConfig): RescueHints => {
  const folder = target.type === 'releases' ? join(target.root, 'current') : root;
  const text = (command: Command): string =>
    secrets.reduce(
      (shown, secret) => (secret === '' ? shown : shown.replaceAll(secret, '***')),
      `in ${folder}: ${typeof command === 'string' ? command : command.join(' ')}`,
    );
  return { stop: text(target.stop), start: text(target.start), secrets };
};

const verifyTaken = async (
  context: CommandContext,
  dir: string,
  { file }: WrittenBackup,
): Promise<void> => {
  const progress = showProgress(context);
  try {
    const verified = await verifyBackup(file, {
      signal: context.signal,
      onProgress: progress.show,
    });
    await recordSummary(dir, verified, { now: context.clock.now });
  } catch (error) {
    // Interrupted before it was checked, it is taken back: what somebody stopped leaves nothing behind.
    if (context.signal.aborted)
      await applyPrune(dir, { remove: [{ name: basename(file), reasons: [] }] });
    throw error;
  } finally {
    progress.end();
  }
};

const incompleteError = ({ incomplete, file }: WrittenBackup, sink: BackupSink): RolloutError => {
  const named = incomplete.slice(0, 5).join('; ');
  const more = incomplete.length > 5 ? ` and ${incomplete.length - 5} more` : '';
  return new RolloutError(
    'backup-incomplete',
    exitCodes.failed,
    `the backup is incomplete. What could not be read whole: ${named}${more}`,
    {
      hints: [
        ...(sink === 'file'
          ? [`what could be read is in ${file}; it is no backup to go back to`]
          : []),
        'mend what is named, or leave it out with "exclude", and back up again',
      ],
    },
  );
};
