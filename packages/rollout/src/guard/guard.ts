import type { Lock } from '@dhash/journal';
import {
  type SampleLog,
  STAND_DOWN,
  sampleLogSha256,
  type WatchOutcome,
  watch,
} from '@dhash/monitor';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import type { HeldLock } from '../environment/lock.ts';
import { type OpenRun, recorderOf } from '../environment/open-run.ts';
import { tendLogsMeanwhile } from '../environment/tend-logs-meanwhile.ts';
import { messageOf } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { activationOf, recordedBaseline } from '../pages/recorded-watch.ts';
import type { InboxRequest } from '../record/inbox.ts';
import type { RunState } from '../record/run-state.ts';
import { actOn, brokenGates, type Watched } from './act.ts';
import { requireGuardable } from './before-watch.ts';
import { startGap } from './gap.ts';
import { startHeartbeat } from './heartbeat.ts';
import { type ImpairedLog, impairedLog } from './impaired-log.ts';
import { watchInbox } from './inbox-watch.ts';
import { noteOnRecord } from './note-on-record.ts';
import { startSnapshots } from './snapshots.ts';
import { watchView } from './watch-view.ts';
import { watchWayBack } from './watch-way-back.ts';
import {
  type GuardOptions,
  openWindow,
  recordStart,
  stateOf,
  type WatchWindow,
} from './watch-window.ts';

const asUsual: GuardOptions = { autoRollback: true, resume: false, extend: null };

/** Goes on from a deploy into its watch, in the same process, on the same record and under the same lock. */
export const guardAfterDeploy = (open: OpenRun): Promise<CommandResult> => guard(open, asUsual);

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
  return actOn(open, watched);
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
  watched: WatchWindow & {
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
