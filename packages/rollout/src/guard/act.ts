import { join } from 'node:path';
import type { Lock } from '@dhash/journal';
import type { WatchOutcome } from '@dhash/monitor';
import type { WatchPolicy } from '@dhash/quality-gates';
import {
  type CommandContext,
  type CommandResult,
  commandHint,
  Interrupted,
} from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { exitCodes } from '../errors.ts';
import type { Announcer } from '../notify/announcer.ts';
import type { InboxRequest } from '../record/inbox.ts';
import type { Recorder } from '../record/recorder.ts';
import type { RunState } from '../record/run-state.ts';
import { recordRollback } from '../rollback/record-rollback.ts';

/** A gap after which a resumed watch alerts, and restores no data by itself, ms. */
const longGapMs = 15 * 60_000;

/** What a watch left for whoever acts on it. */
export interface ActOptions {
  readonly state: RunState;
  readonly outcome: WatchOutcome;
  readonly policy: WatchPolicy;
  /** Time that nobody watched before this process went on, ms. */
  readonly gapMs: number;
  /** False where another command took the lock over. */
  readonly heldStill: boolean;
  readonly request: InboxRequest | null;
  readonly autoRollback: boolean;
}

/** Why a broken gate is not followed by an automatic rollback; `null`: it is. */
export const whyNoRollback = (facts: {
  readonly kind: RunState['kind'];
  readonly autoRollback: boolean;
  readonly gapMs: number;
  readonly activated: string | null;
  readonly active: string | null;
  readonly previous: string | null;
  readonly data: 'restore' | 'keep';
  readonly backup: string | null;
}): string | null => {
  if (facts.kind !== 'deploy') return 'this watch belongs to no deploy';
  if (!facts.autoRollback) return 'automatic rollback was switched off (--no-auto-rollback)';
  if (facts.active !== facts.activated)
    return `drift: the target runs ${facts.active ?? 'no release'}, this run activated ${facts.activated ?? 'none'}; nothing is undone`;
  if (facts.previous === null)
    return 'this was the first deploy: there is no release to go back to';
  if (facts.gapMs > longGapMs)
    return `nobody watched for ${Math.round(facts.gapMs / 60_000)} min: data written since then is not replaced without a person`;
  if (facts.data === 'restore' && facts.backup === null)
    return 'the run has no backup of its own to restore';
  return null;
};

const brokenGates = (outcome: WatchOutcome): { gate: string; sentence: string }[] =>
  Object.entries(outcome.assessment.gates)
    .filter(([, verdict]) => verdict.verdict === 'break' && verdict.mode === 'enforce')
    .map(([gate, verdict]) => ({ gate, sentence: verdict.sentence }));

/** Does what a watch's outcome asks for, on the record, and gives the exit code for it. */
export const actOn = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  lock: Lock,
  announcer: Announcer,
  watched: ActOptions,
): Promise<CommandResult> => {
  const { output } = context;
  const { outcome, state } = watched;
  const { config, layout } = environment;
  const run = recorder.run;
  const version = state.version ?? '';
  const fields = {
    decision: outcome.decision,
    reasons: outcome.assessment.reasons,
    samples: environment.shown(layout.run(run).samples),
    report: environment.shown(layout.run(run).report),
  };
  const result = (exit: CommandResult['exit']): CommandResult => ({ exit, run, fields });
  const variables = {
    version,
    previous: state.previous ?? '',
    reason: outcome.assessment.reasons.join('; '),
    report: fields.report,
  };

  if (!watched.heldStill) {
    output.line(`another command took ${config.env} over; this watch stands down`);
    return result(exitCodes.busy);
  }
  if (watched.request !== null) {
    const { kind, user, reason } = watched.request;
    output.line(`${kind} asked for by ${user}: ${reason}`);
    if (kind === 'promote') {
      await recorder.record({
        type: 'run.closed',
        outcome: 'promoted',
        reason: `by ${user}: ${reason}`,
        user,
      });
      return result(exitCodes.done);
    }
    output.line(`the watch stands down; --resume goes on with it where the run is still open`);
    return result(exitCodes.interrupted);
  }

  switch (outcome.decision) {
    case 'interrupted':
    case 'stood-down': {
      const { reason } = context.signal;
      output.line(
        `interrupted; ${commandHint(context, `monitor --env ${config.env} --resume`)} goes on`,
      );
      return result(reason instanceof Interrupted ? reason.exit : exitCodes.interrupted);
    }
    case 'promote':
      announcer.announce('success', variables);
      await announcer.settle();
      await recorder.record({
        type: 'run.closed',
        outcome: state.kind === 'watch' ? 'done' : 'promoted',
      });
      output.line(
        `every gate held to the end: ${version === '' ? 'the watch' : `release ${version}`} is promoted`,
      );
      output.line(`report: ${fields.report}`);
      return result(exitCodes.done);
    case 'inconclusive':
      announcer.announce('inconclusive', variables);
      await announcer.settle();
      if (state.kind === 'watch')
        await recorder.record({ type: 'run.closed', outcome: 'done', reason: 'inconclusive' });
      output.line(`inconclusive: ${variables.reason}`);
      output.line(`report: ${fields.report}`);
      return result(exitCodes.inconclusive);
    default:
      break;
  }

  const broken = brokenGates(outcome);
  for (const { sentence } of broken) output.line(`gate ${sentence}`);
  announcer.announce('gate-break', {
    ...variables,
    gate: broken.map(({ gate }) => gate).join(', '),
    sentence: broken.map(({ sentence }) => sentence).join('; '),
  });
  const active = await environment
    .target({ runId: run, version: state.version, previous: state.previous })
    .current();
  const whyNot =
    outcome.decision === 'rollback'
      ? whyNoRollback({
          kind: state.kind,
          autoRollback: watched.autoRollback,
          gapMs: watched.gapMs,
          activated: state.version,
          active,
          previous: state.previous,
          data: config.rollback.data,
          backup: state.backup,
        })
      : `the gate asks for: ${outcome.decision}`;
  if (whyNot !== null) {
    await recorder.record({
      type: 'rollback.withheld',
      why: whyNot,
      decision: outcome.decision,
    });
    if (state.kind === 'watch')
      await recorder.record({ type: 'run.closed', outcome: 'done', reason: 'a gate broke' });
    output.line(`not rolled back: ${whyNot}`);
    await announcer.settle();
    return result(exitCodes.brokenNotRolledBack);
  }
  const rolledBack = await recordRollback(context, environment, recorder, lock, announcer, {
    backup: state.backup === null ? null : join(config.root, state.backup),
    previous: state.previous,
    data: config.rollback.data,
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
