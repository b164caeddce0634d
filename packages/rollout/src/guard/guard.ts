import { existsSync } from 'node:fs';
import { readFile, rename } from 'node:fs/promises';
import type { Lock, NewEvent } from '@dhash/journal';
import {
  controlHasSucceeded,
  openSampleLog,
  type SampleLog,
  STAND_DOWN,
  sampleLogSha256,
  type VerdictChange,
  type WatchOutcome,
  watch,
} from '@dhash/monitor';
import type { WatchPolicy } from '@dhash/quality-gates';
import { disarm } from '@dhash/quality-gates/config';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { recorderOf } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { type Announcer, openAnnouncer } from '../notify/announcer.ts';
import type { InboxRequest } from '../record/inbox.ts';
import { asJson, type Recorder } from '../record/recorder.ts';
import { foldRun, type RunState } from '../record/run-state.ts';
import { type ActOptions, actOn } from './act.ts';
import { startGap } from './gap.ts';
import { watchInbox } from './inbox-watch.ts';
import { activationOf, recordedBaseline } from './recorded-watch.ts';
import { startSnapshots } from './snapshots.ts';
import { writeWatchReport } from './watch-report.ts';
import { watchView } from './watch-view.ts';

export interface GuardOptions {
  /** False with `--no-auto-rollback`, and for a watch without a rollout. */
  readonly autoRollback: boolean;
  readonly resume: boolean;
}

/** Goes on from a deploy into its watch, in the same process and under the same lock. */
export const guardAfterDeploy =
  (context: CommandContext, environment: Environment) =>
  (run: string, lock: Lock): Promise<CommandResult> =>
    guardRun(context, environment, run, lock, { autoRollback: true, resume: false });

const stateOf = (recorder: Recorder): RunState => {
  const state = foldRun(recorder.run, recorder.events);
  if (state === null)
    throw new RolloutError(
      'empty-run',
      exitCodes.notVerified,
      `run ${recorder.run} holds no event`,
    );
  return state;
};

/** The policy as the run watches it: gates that the deploy disarmed only observe. */
const policyOf = (recorder: Recorder, policy: WatchPolicy): WatchPolicy => {
  const planned = recorder.events.find(({ type }) => type === 'deploy.planned');
  const names = planned?.['disarmed'];
  const disarmed = Array.isArray(names) ? names.filter((name) => typeof name === 'string') : [];
  return disarmed.length === 0 ? policy : disarm(policy, disarmed);
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

/** Watches a run to its decision and acts on it. The caller holds the lock; this opens the record. */
export const guardRun = async (
  context: CommandContext,
  environment: Environment,
  run: string,
  lock: Lock,
  options: GuardOptions,
): Promise<CommandResult> => {
  const recorder = await recorderOf(context, environment, run);
  try {
    const announcer = openAnnouncer(context, environment, recorder);
    const watched = await watchToDecision(context, environment, recorder, lock, announcer, options);
    return await actOn(context, environment, recorder, lock, announcer, watched);
  } finally {
    await recorder.close();
  }
};

const watchToDecision = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  lock: Lock,
  announcer: Announcer,
  options: GuardOptions,
): Promise<ActOptions> => {
  const { clock, output } = context;
  const { layout } = environment;
  const files = layout.run(recorder.run);
  const before = stateOf(recorder);
  const policy = policyOf(recorder, await environment.policy());
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
  if (resumed === null) await setEarlierSamplesAside(files.samples);

  const { log, past } = await openSampleLog(files.samples);
  const startedAt = resumed?.startedAt ?? clock.now();
  const gap = startGap(startedAt, past);
  const gapBeforeMs = gap.longestMs(clock.now());
  const baseline = await recordedBaseline(files.baseline);
  const activation = activationOf(recorder.events);
  await recorder.record(
    resumed === null
      ? {
          type: 'watch.started',
          startedAt,
          fingerprint: policy.fingerprint,
          file: environment.shown(files.samples),
          policy: asJson(policy),
        }
      : { type: 'watch.resumed', gapMs: gapBeforeMs, samples: past.length },
  );

  const stop = new AbortController();
  const ended = new AbortController();
  const received: { request: InboxRequest | null } = { request: null };
  const onInterrupt = () => stop.abort(context.signal.reason);
  context.signal.addEventListener('abort', onInterrupt, { once: true });
  if (context.signal.aborted) onInterrupt();
  const inbox = watchInbox(files.inbox, recorder, clock, ended.signal, (request) => {
    received.request ??= request;
    stop.abort(STAND_DOWN);
  });
  const inboxEnded = inbox.catch((error: unknown) => stop.abort(error));

  const view = watchView(context, environment, policy, {
    run: recorder.run,
    version: before.version,
    startedAt,
  });
  const snapshots = startSnapshots(announcer, {
    startedAt,
    durationMs: policy.durationMs,
    version: before.version,
    past: recorder.events,
  });
  let outcome: WatchOutcome | null = null;
  try {
    const events = watch({
      policy,
      startedAt,
      source: environment.metrics(),
      health: environment.health(before.version, {
        url: policy.health.control,
        hasSucceeded: controlHasSucceeded(past),
      }),
      clock,
      log: whileHeld(log, lock, stop),
      past,
      ...(baseline === undefined ? {} : { baseline }),
      ...(activation === undefined ? {} : { activation }),
      signal: stop.signal,
    });
    for (;;) {
      const step = await events.next();
      if (step.done) {
        outcome = step.value;
        break;
      }
      const event = step.value;
      if (event.type === 'verdict.changed') await recorder.record(verdictEvent(event));
      else snapshots.onPoll(event.assessment, clock.now());
      if (event.type !== 'verdict.changed') gap.add(event.sample);
      view.show(event);
    }
  } finally {
    view.end(outcome);
    ended.abort();
    await inboxEnded;
    await log.close();
    context.signal.removeEventListener('abort', onInterrupt);
  }

  const heldStill = await lock.isHeld();
  const decision = received.request?.kind === 'pause' ? 'paused' : outcome.decision;
  if (heldStill) {
    await recorder.record({
      type: 'watch.ended',
      decision,
      reasons: [...outcome.assessment.reasons],
      samples: outcome.samples,
      sha256: await sampleLogSha256(files.samples),
    });
    const written = await readFile(files.samples, 'utf8');
    if (written.length > 0)
      await writeWatchReport(environment, recorder, {
        policy,
        startedAt,
        endedAt: clock.now(),
        outcome,
        version: before.version,
        baseline,
        activation,
      });
  }
  output.detail(`samples: ${environment.shown(files.samples)}`);
  return {
    state: before,
    outcome,
    policy,
    gapMs: Math.max(gapBeforeMs, gap.longestMs(clock.now())),
    heldStill,
    request: received.request,
    autoRollback: options.autoRollback,
  };
};

/**
 * The log of a watch, for as long as nobody took the environment over, as may happen while this
 * process is stopped or asleep. After that not a line goes into it, and the watch stands down.
 */
const whileHeld = (log: SampleLog, lock: Lock, stop: AbortController): SampleLog => ({
  ...log,
  append: async (sample) => {
    if (!(await lock.isHeld())) {
      stop.abort(STAND_DOWN);
      throw stop.signal.reason;
    }
    await log.append(sample);
  },
});

/** A verdict's change as an event: the journal's own `at` is when it was written, not the sample's. */
const verdictEvent = ({ type, at, ...rest }: VerdictChange): NewEvent => {
  const json = asJson({ ...rest, sampleAt: at });
  return {
    ...(typeof json === 'object' && json !== null && !Array.isArray(json) ? json : {}),
    type,
  };
};
