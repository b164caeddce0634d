import { resolve } from 'node:path';
import type { WatchOutcome } from '@dhash/monitor';
import type { WatchPolicy } from '@dhash/quality-gates';
import { type CommandResult, commandHint, Interrupted } from '../environment/context.ts';
import { closeRun, type OpenRun } from '../environment/open-run.ts';
import { pruneReleases } from '../environment/prune-releases.ts';
import { describeService, lookAtService } from '../environment/service-now.ts';
import { exitCodes } from '../errors.ts';
import type { InboxRequest } from '../record/inbox.ts';
import type { RunState } from '../record/run-state.ts';
import { dataOfRollback } from '../record/way-back.ts';
import { driftOf } from '../takeover/drift.ts';
import { rollBackForGate } from './roll-back-for-gate.ts';

/** A gap after which a resumed watch alerts, and restores no data by itself, ms. */
const longGapMs = 15 * 60_000;

/** What a watch left for whoever acts on it. */
export interface Watched {
  readonly state: RunState;
  readonly outcome: WatchOutcome;
  readonly policy: WatchPolicy;
  /** Time that nobody watched before this process went on, ms. */
  readonly gapMs: number;
  /** False where another command took the lock over. */
  readonly heldStill: boolean;
  readonly request: InboxRequest | null;
  readonly autoRollback: boolean;
  /** Why the samples can't vouch for the release, though they held: they could not all be written; `null`: they can. */
  readonly impaired: string | null;
}

/** Why a broken gate is not followed by an automatic rollback; `null`: it is. */
export const whyNoRollback = (facts: {
  readonly kind: RunState['kind'];
  readonly autoRollback: boolean;
  readonly gapMs: number;
  readonly activated: string | null;
  readonly active: string | null;
  readonly previous: string | null;
}): string | null => {
  if (facts.kind !== 'deploy') return 'this watch belongs to no deploy';
  if (!facts.autoRollback) return 'automatic rollback was switched off (--no-auto-rollback)';
  const drift = driftOf(facts.active, { version: facts.activated });
  if (drift !== null) return `${drift}; nothing is undone`;
  if (facts.previous === null)
    return 'this was the first deploy: there is no release to go back to';
  if (facts.gapMs > longGapMs)
    return `nobody watched for ${Math.round(facts.gapMs / 60_000)} min: data written since then is not replaced without a person`;
  return null;
};

/** The gates that broke and decide, with their sentences. */
export const brokenGates = (outcome: WatchOutcome): { gate: string; sentence: string }[] =>
  Object.entries(outcome.assessment.gates)
    .filter(([, verdict]) => verdict.verdict === 'break' && verdict.mode === 'enforce')
    .map(([gate, verdict]) => ({ gate, sentence: verdict.sentence }));

/** Does what a watch's outcome asks for, on the record, and gives the exit code for it. */
export const actOn = async (open: OpenRun, watched: Watched): Promise<CommandResult> => {
  const { context, environment, recorder } = open;
  const { output } = context;
  const { outcome } = watched;
  const { config, layout } = environment;
  const files = layout.run(recorder.run);
  const fields = {
    decision: outcome.decision,
    reasons: outcome.assessment.reasons,
    samples: environment.shown(files.samples),
    report: environment.shown(files.report),
  };
  const result = (exit: CommandResult['exit']): CommandResult => ({
    exit,
    run: recorder.run,
    fields,
  });
  if (!watched.heldStill) {
    output.line(`another command took ${config.env} over; this watch stands down`);
    return result(exitCodes.busy);
  }
  if (watched.request !== null) return result(await obey(open, watched, watched.request));
  switch (outcome.decision) {
    case 'interrupted':
    case 'stood-down': {
      const { reason } = context.signal;
      output.line(
        `interrupted: nobody watches from here on; ${commandHint(context, `monitor --env ${config.env} --resume`)} goes on`,
      );
      return result(reason instanceof Interrupted ? reason.exit : exitCodes.interrupted);
    }
    case 'promote':
    case 'advise':
      return result(await promote(open, watched));
    case 'inconclusive':
      return result(await leaveInconclusive(open, watched, outcome.assessment.reasons.join('; ')));
    default:
      return actOnBreak(open, watched, fields);
  }
};

/** What another terminal asked for. */
const obey = async (
  open: OpenRun,
  watched: Watched,
  { kind, user, reason }: InboxRequest,
): Promise<CommandResult['exit']> => {
  const { output } = open.context;
  output.line(`${kind} asked for by ${user}: ${reason}`);
  if (kind !== 'promote') {
    output.line('the watch stands down; --resume goes on with it where the run is still open');
    return exitCodes.interrupted;
  }
  const now = await lookAtService(open);
  const drift = watched.state.kind === 'deploy' ? driftOf(now.active, watched.state) : null;
  if (drift !== null) return withhold(open, watched, drift);
  const seen = describeService(now);
  output.line(`looked before the promotion: ${seen}`);
  await closeRun(open, { outcome: 'promoted', reason: `by ${user}: ${reason}`, seen, user });
  await pruneReleases(open, watched.state);
  return exitCodes.done;
};

const activeNow = ({ environment, recorder }: OpenRun, state: RunState): Promise<string | null> =>
  environment
    .target({ runId: recorder.run, version: state.version, previous: state.previous })
    .current();

const driftNow = async (open: OpenRun, state: RunState): Promise<string | null> =>
  state.kind === 'deploy' ? driftOf(await activeNow(open, state), state) : null;

const promote = async (open: OpenRun, watched: Watched): Promise<CommandResult['exit']> => {
  const { context } = open;
  const { state, impaired } = watched;
  if (impaired !== null) return leaveInconclusive(open, watched, impaired);
  const drift = await driftNow(open, state);
  if (drift !== null) return withhold(open, watched, drift);
  const advice = watched.outcome.decision === 'advise' ? watched.outcome.assessment.reasons : [];
  await closeRun(open, {
    outcome: state.kind === 'watch' ? 'done' : 'promoted',
    ...(advice.length === 0
      ? {}
      : { reason: `a gate that only advises broke: ${advice.join('; ')}` }),
  });
  for (const reason of advice) context.output.line(`advice: ${reason}`);
  context.output.line(
    `${advice.length === 0 ? 'every gate held to the end' : 'what broke only advises'}: ${state.version === null ? 'the watch is done' : `release ${state.version} is promoted`}`,
  );
  if (state.kind !== 'watch') await pruneReleases(open, state);
  return exitCodes.done;
};

const leaveInconclusive = async (
  open: OpenRun,
  { state }: Watched,
  why: string,
): Promise<CommandResult['exit']> => {
  const { context, environment, announcer } = open;
  await announcer.settle();
  if (state.kind === 'watch') await closeRun(open, { outcome: 'done', reason: 'inconclusive' });
  context.output.line(`inconclusive: ${why}`);
  if (state.kind !== 'watch')
    context.output.line(
      `  → ${commandHint(context, `monitor --env ${environment.config.env} --extend 30m --reason "…"`)}   watches it for longer`,
    );
  return exitCodes.inconclusive;
};

/** Nothing is done by itself, and people hear that they must. */
const withhold = async (
  open: OpenRun,
  { state, outcome }: Watched,
  why: string,
): Promise<CommandResult['exit']> => {
  const { context, environment, recorder } = open;
  await recorder.record({ type: 'rollback.withheld', why, decision: outcome.decision });
  context.output.line(`not rolled back: ${why}`);
  context.output.line(
    `YOU must act: ${commandHint(context, `status --env ${environment.config.env}`)} says what can be typed`,
  );
  if (state.kind === 'watch') await closeRun(open, { outcome: 'done', reason: 'a gate broke' });
  return exitCodes.brokenNotRolledBack;
};

const actOnBreak = async (
  open: OpenRun,
  watched: Watched,
  fields: Record<string, unknown>,
): Promise<CommandResult> => {
  const { context, environment, recorder } = open;
  const { outcome, state } = watched;
  const broken = brokenGates(outcome);
  for (const { sentence } of broken) context.output.line(`gate ${sentence}`);
  const why =
    outcome.decision === 'rollback'
      ? whyNoRollback({
          kind: state.kind,
          autoRollback: watched.autoRollback,
          gapMs: watched.gapMs,
          activated: state.version,
          active: await activeNow(open, state),
          previous: state.previous,
        })
      : `the gate asks for: ${outcome.decision}`;
  if (why !== null) return { exit: await withhold(open, watched, why), run: recorder.run, fields };
  const { config } = environment;
  const rolledBack = await rollBackForGate(open, {
    backup: state.backup === null ? null : resolve(config.root, state.backup),
    previous: state.previous,
    data: dataOfRollback(config.rollback.data, recorder.events),
    release: 'stamped',
    reason: broken.map(({ sentence }) => sentence).join('; '),
    trigger: 'gate',
    resume: false,
  });
  return {
    ...rolledBack,
    exit: rolledBack.exit === exitCodes.done ? exitCodes.rolledBack : rolledBack.exit,
    fields: { ...fields, ...rolledBack.fields },
  };
};
