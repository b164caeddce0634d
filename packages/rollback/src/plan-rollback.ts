import type { BackupFacts, RollbackFacts } from './gather-rollback.ts';

/** The steps, in their order; see the README for what each does. */
export const rollbackSteps = [
  'verify',
  'stage',
  'stop',
  'swap',
  'activate',
  'prove',
  'start',
  'health',
  'smoke',
  'safety',
  'incident',
  'clean',
] as const;
export type RollbackStep = (typeof rollbackSteps)[number];

export type PlanOptions = {
  /** `restore`: release and data go back. `keep`: only the release does. */
  readonly data: 'restore' | 'keep';
};

/** Plain data: what a rollback will do. */
export type RollbackPlan = {
  readonly facts: RollbackFacts;
  readonly data: 'restore' | 'keep';
  readonly release: {
    readonly from: string | null;
    readonly to: string | null;
    /** False where the release that runs stays. */
    readonly changes: boolean;
  };
  readonly steps: readonly RollbackStep[];
  /** The plan for people, a sentence each: what a dry run prints. */
  readonly sentences: readonly string[];
};

const ofData: readonly RollbackStep[] = ['stage', 'swap', 'prove', 'safety', 'clean'];

type FactsWithBackup = RollbackFacts & { readonly backup: BackupFacts };

const closingSentences: readonly string[] = [
  'the service stops, starts again, and must answer OK 3 times in a row and pass its smoke tests, if it has any',
  'an incident folder is written: record, restore log, and a zip of them',
];

/**
 * Plans the way back of the release alone, for a service whose data stays and that has no backup.
 * Pure.
 *
 * @param to the release that ran before
 */
export const planReleaseRollback = (
  facts: Pick<RollbackFacts, 'service' | 'env' | 'activeRelease' | 'sources'>,
  to: string,
): RollbackPlan => {
  const from = facts.activeRelease;
  return {
    facts: { ...facts, backup: null },
    data: 'keep',
    release: { from, to, changes: to !== from },
    steps: rollbackSteps.filter((step) => !ofData.includes(step)),
    sentences: [
      `the release goes from ${from ?? 'none'} back to ${to}`,
      keepSentence(to !== from),
      ...closingSentences,
    ],
  };
};

/** Decides what a rollback to the backup in `facts` does. Pure. */
export const planRollback = (facts: FactsWithBackup, options: PlanOptions): RollbackPlan => {
  const from = facts.activeRelease;
  const to = facts.backup.release ?? from;
  const release = { from, to, changes: to !== from };
  return {
    facts,
    data: options.data,
    release,
    steps: rollbackSteps.filter((step) => options.data === 'restore' || !ofData.includes(step)),
    sentences: [
      `the backup ${facts.backup.file} (${facts.backup.createdAt}, ${facts.backup.files} files, ${facts.backup.bytes} bytes) is whole and belongs to ${facts.service} in ${facts.env}`,
      releaseSentence(facts, release),
      ...(options.data === 'restore' ? restoreSentences(facts) : [keepSentence(release.changes)]),
      ...closingSentences,
    ],
  };
};

const releaseSentence = (facts: FactsWithBackup, release: RollbackPlan['release']): string => {
  if (release.changes)
    return `the release goes from ${release.from ?? 'none'} back to ${release.to}`;
  if (facts.backup.release === null)
    return `the backup names no release: ${release.from ?? 'none'} stays`;
  return `the release ${release.to} is the active one and stays: only the data goes back`;
};

/** Of a folder of which a backup takes a part. */
const whatStays = (source: RollbackFacts['sources'][number]): string => {
  if (source.type !== 'files') return '';
  const { include, exclude = [] } = source;
  const left = [
    ...(exclude.length === 0 ? [] : [`is excluded (${exclude.join(', ')})`]),
    ...(include === undefined ? [] : [`is not included (${include.join(', ')})`]),
  ];
  return left.length === 0 ? '' : `; what ${left.join(', or ')} stays where it is`;
};

const restoreSentences = (facts: RollbackFacts): string[] => [
  ...facts.sources.map(
    (source) =>
      `the data "${source.name}"${'path' in source ? ` at ${source.path}` : ''} is replaced whole by the backup's${whatStays(source)}`,
  ),
  'what was written since the backup is put aside, zipped into the safety folder and verified before it is removed',
  ...(facts.obstacles ?? []).map(({ source, sentence }) => `not as it was: ${source}: ${sentence}`),
];

const keepSentence = (releaseChanges: boolean): string =>
  releaseChanges
    ? 'the data stays as it is: only the release goes back'
    : 'the data stays as it is too: nothing but a restart happens';
