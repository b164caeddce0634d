import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { currentBootId, missingRightOf } from '@dhash/journal';
import { openSampleLog, type SampleLog } from '@dhash/monitor';
import type { Sample, WatchPolicy } from '@dhash/quality-gates';
import { disarm } from '@dhash/quality-gates/config';
import type { OpenRun } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { currentUser } from '../process/who.ts';
import { lastOf } from '../record/events.ts';
import { asJson, type Recorder } from '../record/recorder.ts';
import { foldRun, type RunState } from '../record/run-state.ts';
import { sealEvery } from './note-on-record.ts';

/** More time for a release that its watch could not judge. */
export interface Extension {
  readonly byMs: number;
  readonly reason: string;
}

export interface GuardOptions {
  /** False with `--no-auto-rollback`, and for a watch without a rollout. */
  readonly autoRollback: boolean;
  readonly resume: boolean;
  readonly extend: Extension | null;
}

export const stateOf = (recorder: Recorder): RunState => {
  const state = foldRun(recorder.run, recorder.events);
  if (state === null)
    throw new RolloutError(
      'empty-run',
      exitCodes.notVerified,
      `run ${recorder.run} holds no event`,
    );
  return state;
};

/**
 * The policy as the run watches it: gates that the deploy disarmed only observe, and a resumed window is as long as
 * it was when it began.
 */
const policyOf = (
  { events }: Recorder,
  policy: WatchPolicy,
  { resume, extend }: GuardOptions,
): WatchPolicy => {
  const disarmed = lastOf(events, 'deploy.planned')?.disarmed ?? [];
  const armed = disarmed.length === 0 ? policy : disarm(policy, disarmed);
  if (extend !== null) return { ...armed, durationMs: extend.byMs };
  const begun = lastOf(events, 'watch.started')?.policy;
  const durationMs =
    resume && typeof begun === 'object' && begun !== null && !Array.isArray(begun)
      ? begun['durationMs']
      : undefined;
  return typeof durationMs === 'number' ? { ...armed, durationMs } : armed;
};

/** A new window on a run that had one before keeps the earlier samples under another name. */
const setEarlierSamplesAside = async (samples: string): Promise<void> => {
  if (!existsSync(samples)) return;
  for (let number = 1; ; number += 1) {
    const aside = samples.replace(/\.ndjson$/, `-${number}.ndjson`);
    if (existsSync(aside)) continue;
    await rename(samples, aside);
    return;
  }
};

/** What a watch starts from: a fresh window, or one that goes on. */
export interface WatchWindow {
  readonly policy: WatchPolicy;
  readonly startedAt: number;
  readonly log: SampleLog;
  readonly past: readonly Sample[];
  readonly isResumed: boolean;
}

/** A watch that may not keep its samples does not begin: nothing was done then. */
const refuseWithoutRight = (cause: unknown): never => {
  const why = missingRightOf(cause);
  if (why === null) throw cause;
  throw new RolloutError(
    'no-right',
    exitCodes.usage,
    `the samples of the watch can not be written: ${why}`,
    { hints: ['give that right, or come as the user who has it'], cause },
  );
};

/** @throws RolloutError `gates-changed`, `no-right` (exit 2) */
export const openWindow = async (open: OpenRun, options: GuardOptions): Promise<WatchWindow> => {
  const { context, environment, recorder } = open;
  const { samples } = environment.layout.run(recorder.run);
  const before = stateOf(recorder);
  const policy = policyOf(recorder, await environment.policy(), options);
  const resumed = options.resume && before.watch !== null ? before.watch : null;
  if (resumed !== null && resumed.fingerprint !== policy.fingerprint)
    throw new RolloutError(
      'gates-changed',
      exitCodes.usage,
      `the gates have changed since the watch of ${recorder.run} began (${resumed.fingerprint.slice(0, 12)} → ${policy.fingerprint.slice(0, 12)}); a resumed watch must judge by the same ones`,
      {
        hints: [
          'put the gates file back, or look at the samples with: npx dhash-rollout gates replay',
        ],
      },
    );
  if (resumed === null) await setEarlierSamplesAside(samples).catch(refuseWithoutRight);
  const sealed = lastOf(recorder.events, 'watch.started', 'samples.sealed');
  const { log, past } = await openSampleLog(samples, {
    head: resumed !== null && sealed?.type === 'samples.sealed' ? sealed : null,
    mostUnrecorded: sealEvery,
    nowMs: context.clock.now(),
  }).catch(refuseWithoutRight);
  return {
    policy,
    startedAt: resumed?.startedAt ?? context.clock.now(),
    log,
    past,
    isResumed: resumed !== null,
  };
};

/** Puts the start, or the going on, of a window on the record. */
export const recordStart = async (
  { context, environment, recorder }: OpenRun,
  { policy, startedAt, past, isResumed }: WatchWindow,
  { extend }: GuardOptions,
  gapMs: number,
): Promise<void> => {
  const bootId = await currentBootId();
  if (extend !== null)
    await recorder.record({
      type: 'watch.extended',
      byMs: extend.byMs,
      user: currentUser(context.processEnv),
      reason: extend.reason,
    });
  await recorder.record(
    isResumed
      ? { type: 'watch.resumed', gapMs, samples: past.length, bootId }
      : {
          type: 'watch.started',
          startedAt,
          fingerprint: policy.fingerprint,
          file: environment.shown(environment.layout.run(recorder.run).samples),
          policy: asJson(policy),
          bootId,
        },
  );
};
