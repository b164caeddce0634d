import { stat } from 'node:fs/promises';
import { missingRightOf } from '@dhash/journal';
import {
  gatherRollback,
  planReleaseRollback,
  planRollback,
  type RollbackPlan,
} from '@dhash/rollback';
import { provenSentence } from '../backup/proven-backup.ts';
import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { backupOnRecord } from '../record/backup-on-record.ts';
import {
  earlierDowntimes,
  expectedDowntime,
  expectedSentence,
} from '../record/expected-downtime.ts';
import { type RecordedRun, surveyRuns } from '../record/runs.ts';
import { changeAtStart } from '../record/shape-change.ts';
import { showProgress } from '../words/progress.ts';
import { explainUnreadable } from './readable.ts';

/** What of a backup goes back: its data, its release, or both. */
export interface PartsBack {
  readonly data: 'restore' | 'keep';
  /** `stamped`: the release that the backup names; `stay`: the active one, whatever it names. */
  readonly release: 'stamped' | 'stay';
}

/** A file that this user may not see is not one that is not there. */
const requireThere = async (
  context: CommandContext,
  env: string,
  backup: string,
): Promise<void> => {
  try {
    await stat(backup);
  } catch (cause) {
    const why = missingRightOf(cause);
    if (why !== null)
      throw new RolloutError('no-right', exitCodes.usage, `the backup can not be read: ${why}`, {
        hints: ['give that right, or come as the user who has it'],
        cause,
      });
    throw new RolloutError('no-such-backup', exitCodes.usage, `there is no backup ${backup}`, {
      hints: [`${commandHint(context, `backup --env ${env} --list`)}   shows them`],
      cause,
    });
  }
};

/**
 * A sidecar proves that a file is whole, and not that it is the one that was taken: whoever replaced one could replace both.
 *
 * @throws RolloutError (exit 8) where a run has another SHA-256 of it on its record
 */
const requireAsTaken = (
  context: CommandContext,
  { config }: Environment,
  runs: readonly RecordedRun[],
  { file, sha256 }: { readonly file: string; readonly sha256: string },
): void => {
  const recorded = backupOnRecord(runs, config.root, file);
  if (recorded === null || recorded.sha256 === sha256) return;
  throw new RolloutError(
    'not-as-taken',
    exitCodes.notVerified,
    `${file} is not the backup that run ${recorded.run} took: its record says SHA-256 ${recorded.sha256}, the file has ${sha256}`,
    {
      hints: [
        'somebody put another one in its place, sidecar included: take the right file from a copy',
        `${commandHint(context, `backup --env ${config.env} --list`)}   shows the others`,
      ],
    },
  );
};

/**
 * Verifies a backup and plans the way back to it, before anything is stopped.
 *
 * @throws RolloutError (exit 2) where there is no such file, (exit 8) where it is not the one on record; RollbackError
 * (exit 8) where it does not verify or does not belong here.
 */
export const prepareRollback = async (
  context: CommandContext,
  environment: Environment,
  backup: string,
  parts: PartsBack = { data: 'restore', release: 'stamped' },
): Promise<RollbackPlan> => {
  const { config } = environment;
  await requireThere(context, config.env, backup);
  const target = environment.target({ runId: 'preflight', version: null, previous: null });
  const progress = showProgress(context);
  const facts = await gatherRollback({
    backup,
    service: config.service,
    env: config.env,
    sources: config.data,
    data: parts.data,
    targetService: { active: () => target.current() },
    canRead: ({ release, migrations, createdAt }) =>
      explainUnreadable(context, environment, target, {
        file: backup,
        release: parts.release === 'stay' ? null : release,
        migrations,
        createdAt,
      }),
    signal: context.signal,
    onProgress: progress.show,
  }).finally(progress.end);
  const { runs } = await surveyRuns(environment.layout, config.env);
  requireAsTaken(context, environment, runs, facts.backup);
  const stamped =
    parts.release === 'stay' ? { ...facts, backup: { ...facts.backup, release: null } } : facts;
  const plan = planRollback(stamped, { data: parts.data });
  const proven = await provenSentence(config, facts.backup, environment.shown);
  const told = withRecorded(runs, plan);
  return {
    ...told,
    sentences: [...told.sentences.slice(0, 1), proven, ...told.sentences.slice(1)],
  };
};

/** Says what the record knows: how long rollbacks took, what of the data stays changed. A broken record keeps nobody from going back. */
const withRecorded = (runs: readonly RecordedRun[], plan: RollbackPlan): RollbackPlan => {
  const earlier = earlierDowntimes(runs, 'rollback');
  const sentence = expectedSentence(expectedDowntime(earlier, plan.steps), plan.steps);
  const { from } = plan.release;
  const left = runs.find(({ state }) => state.kind === 'deploy' && state.version === from);
  const change = plan.data === 'restore' || left === undefined ? null : changeAtStart(left.events);
  const stays =
    change === null
      ? []
      : [`what release ${from} changed in its databases as it started stays: ${change}`];
  return {
    ...plan,
    sentences: [...plan.sentences, ...stays, ...(sentence === null ? [] : [sentence])],
  };
};

/** Plans the way back of the release alone: rollback.data is `keep`, and the run took no backup. */
export const prepareReleaseRollback = async (
  environment: Environment,
  previous: string,
): Promise<RollbackPlan> => {
  const { config } = environment;
  const target = environment.target({ runId: 'preflight', version: null, previous: null });
  if (!(await target.hasVersion(previous)))
    throw new RolloutError(
      'nothing-to-go-back-to',
      exitCodes.failed,
      `the target cannot activate release ${previous} any more`,
    );
  const { service, env, data: sources } = config;
  const activeRelease = await target.current();
  const { runs } = await surveyRuns(environment.layout, env);
  return withRecorded(
    runs,
    planReleaseRollback({ service, env, activeRelease, sources }, previous),
  );
};
