import { readdir, readFile } from 'node:fs/promises';
import { messageOf } from '@dhash/basics/message-of';
import { realDisk } from '../disk.ts';
import { PROOF_SUFFIX, readProof } from '../drill/proof.ts';
import { BackupError, isBackupError, isSystemError, systemCode } from '../errors.ts';
import { type BackupListing, listBackups } from '../list-backups.ts';
import { readSidecar } from '../sidecar.ts';
import type { DiskOption } from '../types.ts';
import { readManifest, type VerifiedBackup } from '../verify-backup.ts';
import { findShrink, type ShrinkFinding, type SourceAmounts } from './shrink.ts';
import {
  type BackupSummary,
  readSummary,
  SUMMARY_SUFFIX,
  summaryOf,
  writeSummary,
} from './summary.ts';

/** A backup with what lies beside it. */
export interface SurveyedBackup extends BackupListing {
  /** Null where neither the summary nor the zip can be read. */
  readonly summary: BackupSummary | null;
  /** Why nobody can rely on it; null where nothing speaks against it. Its data was not checked for this. */
  readonly unusable: string | null;
  /** What fell too far since the backup before it, and that nobody accepted. */
  readonly shrunken: readonly ShrinkFinding[];
  /** When a drill restored it (ISO 8601, UTC, as the proof of this very file says); null: never. */
  readonly provenAt: string | null;
  /** The recovery time that the drill measured, ms; null: never drilled. */
  readonly recoveryMs: number | null;
  /** Where else it lies, as its list of copies says. */
  readonly copies: readonly string[];
}

export interface SurveyOptions {
  /** Only backups of this service and environment; others in the folder are not looked at, or are `unusable`. */
  readonly service: string;
  readonly env: string;
  /** As in {@link findShrink}. */
  readonly maxShrink: number;
}

type Read = Omit<SurveyedBackup, 'shrunken'>;

/**
 * The backups of one service and environment in a folder, newest first, with what is known of each. A zip is
 * opened only where no summary lies beside it; nothing is written.
 */
export const surveyBackups = async (
  dir: string,
  { service, env, maxShrink }: SurveyOptions,
): Promise<SurveyedBackup[]> => {
  const own = (await listBackups(dir)).filter((backup) => backup.env === env);
  if (own.length === 0) return [];
  const beside = new Set(await readdir(dir));
  const read: Read[] = [];
  // In groups: each costs a few small reads, and a thousand at once would exhaust the file handles.
  for (let i = 0; i < own.length; i += READ_AT_ONCE)
    read.push(
      ...(await Promise.all(
        own.slice(i, i + READ_AT_ONCE).map((backup) => readOne(backup, service, beside)),
      )),
    );
  return read.map((backup, i) => ({
    ...backup,
    shrunken: shrunken(backup, read.slice(i + 1), maxShrink),
  }));
};

const READ_AT_ONCE = 32;

const readOne = async (
  backup: BackupListing,
  service: string,
  beside: ReadonlySet<string>,
): Promise<Read> => {
  const { file, name } = backup;
  const copies = beside.has(`${name}.copies.json`) ? await readJson(`${file}.copies.json`) : null;
  const known = { ...backup, provenAt: null, recoveryMs: null, copies: copiesIn(copies) };
  try {
    if (!backup.hasSidecar) return { ...known, summary: null, unusable: 'has no sidecar' };
    const sha256 = await readSidecar(file);
    const written = beside.has(name + SUMMARY_SUFFIX) ? await readSummary(file) : null;
    const summary =
      written?.sha256 === sha256 ? written : summaryOf(await readManifest(file), sha256);
    const proof = beside.has(name + PROOF_SUFFIX) ? await readProof(file, sha256) : null;
    const proven = { provenAt: proof?.at ?? null, recoveryMs: proof?.totalMs ?? null };
    return { ...known, ...proven, summary, unusable: whyUnusable(summary, service, backup.env) };
  } catch (error) {
    if (!isBackupError(error) && !isSystemError(error)) throw error;
    return { ...known, summary: null, unusable: `cannot be read (${messageOf(error)})` };
  }
};

const whyUnusable = (summary: BackupSummary, service: string, env: string): string | null => {
  if (summary.service !== service) return `is a backup of the service "${summary.service}"`;
  if (summary.env !== env) return `is a backup of the environment "${summary.env}"`;
  return summary.complete ? null : 'is not complete';
};

/** The amounts that a backup is measured against: as recorded when it was made, else of the one before it here. */
const shrunken = (backup: Read, older: readonly Read[], maxShrink: number): ShrinkFinding[] => {
  const { summary, unusable } = backup;
  if (summary === null || unusable !== null || summary.shrinkAccepted !== null) return [];
  const before: readonly SourceAmounts[] | undefined =
    summary.previous?.sources ?? usable(older)?.summary?.sources;
  return before === undefined ? [] : findShrink(before, summary.sources, maxShrink);
};

const usable = <T extends Read>(newestFirst: readonly T[]): T | undefined =>
  newestFirst.find(({ unusable }) => unusable === null);

/** Null for what is gone or no JSON: these files say how a backup stands, and never whether it is one. */
const readJson = async (file: string): Promise<unknown> => {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return null;
    throw error;
  }
};

const fieldOf = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;

const copiesIn = (list: unknown): string[] => {
  const copies = fieldOf(list, 'copies');
  if (!Array.isArray(copies)) return [];
  return copies.flatMap((copy: unknown) => {
    const to = fieldOf(copy, 'to');
    return typeof to === 'string' && fieldOf(copy, 'state') !== 'failed' ? [to] : [];
  });
};

/** Writes what is known of a backup that was just verified beside it, and what the one before amounted to. */
export const recordSummary = async (
  dir: string,
  { file, manifest, sha256 }: VerifiedBackup,
  { now, disk = realDisk }: DiskOption & { readonly now: () => number },
): Promise<BackupSummary> => {
  const { service, env } = manifest;
  const all = await surveyBackups(dir, { service, env, maxShrink: 1 });
  const before = usable(all.slice(all.findIndex((backup) => backup.file === file) + 1));
  const previous =
    before?.summary == null ? null : { name: before.name, sources: before.summary.sources };
  const verifiedAt = new Date(now()).toISOString();
  const known = await readSummary(file);
  const content: BackupSummary = {
    ...summaryOf(manifest, sha256),
    previous: known?.previous ?? previous,
    shrinkAccepted: known?.sha256 === sha256 ? known.shrinkAccepted : null,
    verifiedAt,
  };
  await writeSummary(disk, file, content);
  return content;
};

/**
 * Says on record that it is right that a backup shrank, so that retention may remove older ones again.
 *
 * @throws BackupError `bad-sidecar`, `bad-archive`, `bad-manifest`, `not-found`
 */
export const acceptShrink = async (
  file: string,
  accepted: NonNullable<BackupSummary['shrinkAccepted']>,
  { disk = realDisk }: DiskOption = {},
): Promise<void> => {
  // First of all: it may not be there, or be no backup.
  const manifest = await readManifest(file);
  const sha256 = await readSidecar(file);
  const written = await readSummary(file);
  const summary = written?.sha256 === sha256 ? written : summaryOf(manifest, sha256);
  if (!summary.complete)
    throw new BackupError('not-restorable', `${file} is not a complete backup`, { file });
  await writeSummary(disk, file, { ...summary, shrinkAccepted: accepted });
};
