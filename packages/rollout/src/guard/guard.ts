import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { Lock } from '@dhash/journal';
import {
  openSampleLog,
  type SampleLog,
  STAND_DOWN,
  sampleLogSha256,
  type WatchOutcome,
  watch,
} from '@dhash/monitor';
import type { Sample, WatchPolicy } from '@dhash/quality-gates';
import { disarm } from '@dhash/quality-gates/config';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import type { HeldLock } from '../environment/lock.ts';
import { type OpenRun, recorderOf } from '../environment/open-run.ts';
import { tendLogsMeanwhile } from '../environment/tend-logs-meanwhile.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { activationOf, recordedBaseline } from '../pages/recorded-watch.ts';
import { writeWatchReport } from '../pages/watch-report.ts';
import { bootIdOf } from '../process/boot.ts';
import { currentUser } from '../process/who.ts';
import { lastOf } from '../record/events.ts';
import type { InboxRequest } from '../record/inbox.ts';
import { asJson, type Recorder } from '../record/recorder.ts';
import { foldRun, type RunState } from '../record/run-state.ts';
import { actOn, brokenGates, type Watched } from './act.ts';
import { requireGuardable } from './before-watch.ts';
import { startGap } from './gap.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type ImpairedLog, impairedLog } from './impaired-log.ts';
import { watchInbox } from './inbox-watch.ts';
import { noteOnRecord, sealEvery } from './note-on-record.ts';
import { startSnapshots } from './snapshots.ts';
import { watchView } from './watch-view.ts';
import { watchWayBack } from './watch-way-back.ts';

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

const asUsual: GuardOptions = { autoRollback: true, resume: false, extend: null };

/** Goes on from a deploy into its watch, in the same process, on the same record and under the same lock. */
export const guardAfterDeploy = (open: OpenRun): Promise<CommandResult> => guard(open, asUsual);

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

/** Watches a run to its decision and acts on it. The caller holds the lock; this opens the record. */
export const guardRun = async (
  context: CommandContext,
  environment: Environment,
  { run, lock }: { readonly run: string; readonly lock: HeldLock },
  options: GuardOptions,
): Promise<CommandResult> => {
  const recorder = await recorderOf(context, environment, run);
  return workOnRun(context, environment, { lock, recorder }, (open) => guard(open, options));
};

const guard = async (open: OpenRun, options: GuardOptions): Promise<CommandResult> => {
  const refused = await requireGuardable(open, stateOf(open.recorder), options);
  if (refused !== null) return refused;
  const watched = await watchOrTell(open, options);
  // What decides is done first; what people read comes after it.
  const result = await actOn(open, watched);
  if (watched.heldStill) await writePages(open);
  return result;
};

/** A guard that dies of anything but a person's wish says so: nobody watches from then on. */
const watchOrTell = async (open: OpenRun, options: GuardOptions): Promise<Watched> => {
  try {
    return await watchToDecision(open, options);
  } catch (error) {
    const { context, recorder, announcer } = open;
    if (context.signal.aborted) throw error;
    const text = messageOf(error);
    context.output.line(`NOBODY WATCHES ANY MORE: ${text}`);
    try {
      await recorder.record({ type: 'watch.lost', error: text });
    } catch (unrecorded) {
      // The record itself may be what failed; the channels still hear.
      context.output.warn(`that is not on the record: ${messageOf(unrecorded)}`);
      announcer.announce('guard-lost', { reason: text });
    }
    throw error;
  }
};

const writePages = async ({ context, environment, recorder }: OpenRun): Promise<void> => {
  const { output } = context;
  const { report } = environment.layout.run(recorder.run);
  try {
    if (await writeWatchReport(environment, recorder))
      output.line(`report: ${environment.shown(report)}`);
  } catch (error) {
    output.warn(`the page of the watch could not be written: ${messageOf(error)}`);
  }
};

/** What a watch starts from: a fresh window, or one that goes on. */
interface Window {
  readonly policy: WatchPolicy;
  readonly startedAt: number;
  readonly log: SampleLog;
  readonly past: readonly Sample[];
  readonly isResumed: boolean;
}

const openWindow = async (open: OpenRun, options: GuardOptions): Promise<Window> => {
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
  if (resumed === null) await setEarlierSamplesAside(samples);
  const sealed = lastOf(recorder.events, 'watch.started', 'samples.sealed');
  const { log, past } = await openSampleLog(samples, {
    head: resumed !== null && sealed?.type === 'samples.sealed' ? sealed : null,
    mostUnrecorded: sealEvery,
    nowMs: context.clock.now(),
  });
  return {
    policy,
    startedAt: resumed?.startedAt ?? context.clock.now(),
    log,
    past,
    isResumed: resumed !== null,
  };
};

const recordStart = async (
  { context, environment, recorder }: OpenRun,
  { policy, startedAt, past, isResumed }: Window,
  { extend }: GuardOptions,
  gapMs: number,
): Promise<void> => {
  const bootId = await bootIdOf();
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

const watchToDecision = async (open: OpenRun, options: GuardOptions): Promise<Watched> => {
  const { context, recorder, lock } = open;
  const { clock } = context;
  const state = stateOf(recorder);
  const window = await openWindow(open, options);
  const { policy, startedAt, past } = window;
  const gap = startGap(startedAt, past);
  const gapBeforeMs = gap.longestMs(clock.now());
  const log = impairedLog(window.log, async (error) => {
    await recorder.record({ type: 'watch.impaired', error });
    context.output.warn(
      `samples can't be written (${error}): the watch goes on and acts on a broken gate, and will not promote`,
    );
  });
  await lock.become('watch');
  await recordStart(open, window, options, gapBeforeMs);
  const { outcome, request } = await judge(open, { ...window, log, state, gap });
  const heldStill = await lock.become('change');
  if (heldStill)
    await recordEnd(open, outcome, request, { state, autoRollback: options.autoRollback });
  return {
    state,
    outcome,
    policy,
    gapMs: Math.max(gapBeforeMs, gap.longestMs(clock.now())),
    heldStill,
    request,
    autoRollback: options.autoRollback,
    impaired: log.impaired(),
  };
};

/** Polls and judges until a gate breaks, the window ends, or somebody asks for something else. */
const judge = async (
  open: OpenRun,
  watched: Window & {
    readonly log: ImpairedLog;
    readonly state: RunState;
    readonly gap: ReturnType<typeof startGap>;
  },
): Promise<{ outcome: WatchOutcome; request: InboxRequest | null }> => {
  const { context, environment, recorder, lock, announcer } = open;
  const { clock } = context;
  const { policy, startedAt, past, log, state, gap } = watched;
  const files = environment.layout.run(recorder.run);
  const baseline = await recordedBaseline(files.baseline);
  const activation = activationOf(recorder.events);
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
  const { version } = state;
  const view = watchView(context, environment, policy, { run: recorder.run, version, startedAt });
  const heart = startHeartbeat(environment.config.heartbeat, context);
  const snapshots = startSnapshots(announcer, {
    ...{ startedAt, version },
    durationMs: policy.durationMs,
    past: recorder.events,
  });
  const logs = tendLogsMeanwhile(environment, context.output);
  // Nobody waits for it at the end: a disk that hangs must not hold a rollback up.
  void watchWayBack(open, state, ended.signal);
  let outcome: WatchOutcome | null = null;
  try {
    const events = watch({
      ...{ policy, startedAt, clock, past },
      ...environment.probes({ version, policy, past }),
      log: whileHeld(log, lock, stop),
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
      await noteOnRecord(recorder, log, event);
      if (event.type === 'poll') heart.beat();
      if (event.type === 'poll' || event.type === 'missed') {
        snapshots.onPoll(event.assessment, clock.now());
        gap.add(event.sample);
      }
      view.show(event);
    }
  } finally {
    view.end(outcome);
    logs.end();
    ended.abort();
    await inboxEnded;
    heart.end();
    await log.close();
    context.signal.removeEventListener('abort', onInterrupt);
  }
  return { outcome, request: received.request };
};

const recordEnd = async (
  { context, environment, recorder }: OpenRun,
  outcome: WatchOutcome,
  request: InboxRequest | null,
  { state, autoRollback }: { readonly state: RunState; readonly autoRollback: boolean },
): Promise<void> => {
  const { samples } = environment.layout.run(recorder.run);
  const broken = brokenGates(outcome);
  const mayRollBack = autoRollback && state.kind === 'deploy' && state.previous !== null;
  const next = outcome.decision === 'rollback' && mayRollBack ? 'rollback' : 'nothing';
  await recorder.record({
    type: 'watch.ended',
    decision: request?.kind === 'pause' ? 'paused' : outcome.decision,
    reasons: [...outcome.assessment.reasons],
    samples: outcome.samples,
    sha256: await sampleLogSha256(samples),
    ...(broken.length === 0 ? {} : { broken, next }),
  });
  context.output.detail(`samples: ${environment.shown(samples)}`);
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
