import { rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import {
  applyPrune,
  type Bounds,
  type PrunableBackup,
  type PruneLine,
  type PrunePlan,
  planPrune,
  type SurveyedBackup,
  surveyBackups,
} from '@dhash/backup-core';
import type { EnvironmentConfig } from '../../config/types.ts';
import type { Layout } from '../../record/layout.ts';
import { listRuns, type RecordedRun } from '../../record/runs.ts';
import {
  type AgedFacts,
  type AgedLine,
  type AgedThing,
  gatherAged,
  planIncidents,
  planOthers,
} from './aged.ts';
import { deleteSnapshots, snapshotsIn } from './delete-snapshots.ts';
import { type Pinned, referredTo } from './references.ts';
import { trustedNow } from './trusted-now.ts';

/** Everything that retention decides from. */
export interface RetentionFacts extends AgedFacts {
  readonly backups: readonly SurveyedBackup[];
  readonly aged: readonly AgedThing[];
  readonly incidents: readonly AgedLine[];
  readonly pinned: Pinned;
  readonly bounds: Bounds | null;
}

/** When retention is asked. */
export interface RetentionMoment {
  /** By the machine's clock; Unix epoch, ms. */
  readonly now: number;
  /** What the act that asks has made already: it says nothing of the clock. */
  readonly own: 'newest backup' | 'nothing';
}

/** What stays and what goes, of the backups and of what ages beside them. */
export interface RetentionPlan {
  readonly backups: PrunePlan;
  readonly aged: readonly AgedLine[];
}

/**
 * Reads what retention needs of one environment. Changes nothing.
 *
 * @throws RolloutError (exit 8) where a record does not verify: it might name a backup.
 */
export const gatherRetention = async (
  config: EnvironmentConfig,
  layout: Layout,
  { now: clockNow, own }: RetentionMoment,
): Promise<RetentionFacts> => {
  const { service, env, keepFor } = config;
  const { dir, maxShrink } = config.backup;
  const runs = await listRuns(layout, env);
  const openRuns = new Set(runs.filter(({ state }) => !state.closed).map(({ state }) => state.run));
  const backups = await surveyBackups(dir, { service, env, maxShrink });
  const aged = await gatherAged(config, layout);
  const now = trustedNow(
    clockNow,
    doneBefore(own === 'newest backup' ? backups.slice(1) : backups, aged, runs),
  );
  const facts = { now, keepFor, openRuns };
  const incidents = planIncidents(aged, facts);
  return {
    ...facts,
    backups,
    aged,
    incidents,
    pinned: await referredTo(layout, runs, kept(incidents)),
    bounds: backups.length === 0 ? null : await boundsOf(config),
  };
};

/** Times of what earlier acts left; an open run may be this very act. */
const doneBefore = (
  backups: readonly SurveyedBackup[],
  aged: readonly AgedThing[],
  runs: readonly RecordedRun[],
): number[] => [
  ...backups.map(({ at }) => at),
  ...aged.map(({ atMs }) => atMs),
  ...runs
    .filter(({ state }) => state.closed)
    .flatMap(({ events }) => events.map(({ at }) => Date.parse(at))),
];

const kept = (incidents: readonly AgedLine[]): string[] =>
  incidents.filter(({ stays }) => stays).map(({ name }) => name);

const boundsOf = async ({ backup }: EnvironmentConfig): Promise<Bounds | null> => {
  const { maxBytes, minFree } = backup.bounds;
  if (maxBytes === null && minFree === null) return null;
  const disk = await statfs(backup.dir);
  const minFreeBytes =
    minFree === null
      ? null
      : 'bytes' in minFree
        ? minFree.bytes
        : Math.ceil(minFree.ratio * disk.blocks * disk.bsize);
  return { maxBytes, minFreeBytes, freeBytes: disk.bavail * disk.bsize };
};

/** How a backup stands, as the rules see it. */
const standing = (backup: SurveyedBackup): PrunableBackup => ({
  ...backup,
  isVerified: backup.summary?.verifiedAt != null,
  isProven: backup.provenAt !== null,
  isShrunken: backup.shrunken.length > 0,
});

/** Decides what stays. Pure. */
export const planRetention = (
  config: Pick<EnvironmentConfig, 'backup'>,
  facts: RetentionFacts,
): RetentionPlan => ({
  backups: planPrune(facts.backups.map(standing), config.backup.keep, {
    now: facts.now,
    pinned: facts.pinned,
    ...(facts.bounds === null ? {} : { bounds: facts.bounds }),
  }),
  aged: [
    ...facts.incidents,
    ...planOthers(facts.aged, { ...facts, incidents: kept(facts.incidents) }),
  ],
});

/** What a retention removed, and why. */
export interface Removed {
  readonly backups: readonly PruneLine[];
  readonly aged: readonly AgedLine[];
  /** A sentence for each snapshot that should have gone with them, and did not. */
  readonly snapshotsLeft?: readonly string[];
}

/** Removes what a plan says; an abort ends it between two things. */
export const applyRetention = async (
  config: Pick<EnvironmentConfig, 'backup' | 'data'>,
  plan: RetentionPlan,
  signal: AbortSignal,
): Promise<Removed> => {
  const { dir } = config.backup;
  const isZip = ({ kind }: AgedLine) => kind === 'safety' || kind === 'incomplete';
  const zipsOf = (backups: readonly PruneLine[], stay: boolean): string[] => [
    ...backups.map(({ name }) => join(dir, name)),
    ...plan.aged
      .filter((line) => isZip(line) && line.stays === stay)
      .map(({ folder, name }) => join(folder, name)),
  ];
  const leaving = await snapshotsIn(config, zipsOf(plan.backups.remove, false));
  const staying =
    leaving.length === 0 ? [] : await snapshotsIn(config, zipsOf(plan.backups.keep, true));
  const names = new Set(await applyPrune(config.backup.dir, plan.backups, { signal }));
  const gone = plan.aged.filter(({ stays }) => !stays);
  for (const { folder, name, kind, linksTo } of gone) {
    signal.throwIfAborted();
    // As with backups, the zip goes before what lies beside it.
    // Of a link only the link goes: where one leads is not looked at.
    await rm(join(folder, name), { recursive: true, force: true });
    if (linksTo !== undefined) await rm(linksTo, { recursive: true, force: true });
    if (kind === 'safety' || kind === 'incomplete') await removeBeside(folder, name);
  }
  const snapshotsLeft = await deleteSnapshots(config, leaving, staying, signal);
  const backups = plan.backups.remove.filter(({ name }) => names.has(name));
  return { backups, aged: gone, snapshotsLeft };
};

const besideZip = ['.sha256', '.state.json', '.summary.json', '.txt'];

const removeBeside = async (folder: string, zip: string): Promise<void> => {
  for (const suffix of besideZip) await rm(join(folder, zip + suffix), { force: true });
};
