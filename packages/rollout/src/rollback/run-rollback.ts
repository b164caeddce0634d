import { join } from 'node:path';
import { type RollbackOutcome, type RollbackPlan, rollback } from '@dhash/rollback';
import { commandHint } from '../environment/context.ts';
import { tellWhereLeftDown } from '../environment/left-down.ts';
import type { OpenRun } from '../environment/open-run.ts';
import { untilSafePoint } from '../environment/safe-point.ts';
import { runSmoke } from '../environment/service-checks.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { appliedMigrations } from '../migrations/applied.ts';
import { readRunPage } from '../pages/write-run-pages.ts';
import { currentUser } from '../process/who.ts';
import { lastOf, type RunEvent } from '../record/events.ts';
import { asJson } from '../record/recorder.ts';
import { foldRun, hasUnfinishedRollback } from '../record/run-state.ts';
import { tool } from '../tool.ts';
import { showProgress } from '../words/progress.ts';
import { discardStaged } from './discard-staged.ts';
import { type PartsBack, prepareReleaseRollback, prepareRollback } from './prepare.ts';

export interface RollbackRequest {
  /** Absolute; `null`: none, only the release goes back. */
  readonly backup: string | null;
  /** The release that ran before; what a rollback without a backup goes back to. */
  readonly previous: string | null;
  /** `restore`: release and data; `keep`: the release alone. */
  readonly data: PartsBack['data'];
  readonly release: PartsBack['release'];
  readonly reason: string;
  /** Who asks: a gate, a person, or the undo of a step that failed. */
  readonly trigger: RunEvent<'rollback.started'>['trigger'];
  /** Go on with the rollback that the record holds. */
  readonly resume: boolean;
}

/** A rollback that came to its end, on the record. */
export interface EndedRollback {
  readonly plan: RollbackPlan;
  readonly outcome: RollbackOutcome;
}

/**
 * Rolls back on a run's record, to its end: what it came to is on the record when this returns. Closing the run is
 * the caller's.
 *
 * @throws whatever keeps it from beginning: then nothing of it is on the record; the signal's reason where it was
 * interrupted
 */
export const runRollback = async (
  open: OpenRun,
  request: RollbackRequest,
): Promise<EndedRollback> => {
  const { recorder } = open;
  const safe = untilSafePoint(open);
  try {
    const plan = await beginRollback(open, request, safe.signal);
    const progress = showProgress(open.context);
    recorder.onEvent(progress.end);
    const outcome = await recorder.follow(
      rollback({
        ...(await rollbackOptions(open, plan, request)),
        signal: safe.signal,
        onProgress: progress.show,
      }),
    );
    await recordEnd(open, plan, outcome);
    return { plan, outcome };
  } catch (error) {
    if (safe.signal.aborted) await tellInterrupted(open, request);
    throw error;
  } finally {
    safe.dispose();
  }
};

const tellInterrupted = async (open: OpenRun, request: RollbackRequest): Promise<void> => {
  const { context, environment } = open;
  const command = `${goesOnBy(open, request)} --env ${environment.config.env} --resume`;
  if (await tellWhereLeftDown(open, { command, doing: 'a rollback' })) return;
  // Where it had not begun, there is nothing to go on with.
  if (hasUnfinishedRollback(open.recorder.events))
    context.output.line(`interrupted: ${commandHint(context, command)} goes on`);
};

/** An undo is gone on with by the command that it is part of. */
const goesOnBy = (
  { recorder: { run, events } }: OpenRun,
  { trigger }: RollbackRequest,
): 'deploy' | 'migrate' | 'rollback' => {
  const kind = foldRun(run, events)?.kind;
  return trigger === 'undo' && (kind === 'deploy' || kind === 'migrate') ? kind : 'rollback';
};

/**
 * Verifies, plans, and puts it on the record that this rollback begins, or goes on.
 *
 * @param signal of its steps: an undo that has to start the service again goes on after a first Ctrl-C
 */
const beginRollback = async (
  open: OpenRun,
  request: RollbackRequest,
  signal: AbortSignal,
): Promise<RollbackPlan> => {
  const { environment, recorder, lock } = open;
  const context = { ...open.context, signal };
  const prepared = await preparedPlan({ ...open, context }, request);
  const plan = planOf(prepared, recorder.events, request);
  if (!(await lock.become('change')))
    throw new RolloutError(
      'overtaken',
      exitCodes.busy,
      `another command took ${environment.config.env} over`,
    );
  if (request.resume) context.output.line(`going on with the rollback of ${recorder.run}`);
  else {
    await discardStaged(open);
    for (const sentence of plan.sentences) context.output.line(sentence);
  }
  await recorder.record(request.resume ? resumed(open) : started(open, plan, request));
  return plan;
};

const resumed = ({ context }: OpenRun): RunEvent<'rollback.resumed'> => ({
  type: 'rollback.resumed',
  user: currentUser(context.processEnv),
});

const started = (
  { context }: OpenRun,
  { facts: { backup }, release: { from, to } }: RollbackPlan,
  { data, reason, trigger }: RollbackRequest,
): RunEvent<'rollback.started'> => ({
  type: 'rollback.started',
  backup: backup?.file ?? null,
  sha256: backup?.sha256 ?? null,
  proven: asJson(backup?.proven ?? null),
  data,
  from,
  to,
  reason,
  trigger,
  user: currentUser(context.processEnv),
});

const recordEnd = async (
  { recorder }: OpenRun,
  { release: { from, to } }: RollbackPlan,
  outcome: RollbackOutcome,
): Promise<void> => {
  switch (outcome.kind) {
    case 'validated': {
      const { proof, warnings } = outcome;
      await recorder.record({
        type: 'rollback.validated',
        from,
        to,
        proof,
        warnings: [...warnings],
      });
      return;
    }
    case 'failed-before-swap':
      await recorder.record({
        type: 'rollback.put-back',
        step: outcome.step,
        error: messageOf(outcome.error),
      });
      return;
    case 'not-validated':
      await recorder.record({
        type: 'rollback.not-validated',
        step: outcome.step,
        error: messageOf(outcome.error),
        state: outcome.state,
      });
  }
};

const preparedPlan = (
  { context, environment }: OpenRun,
  { backup, previous, data, release }: RollbackRequest,
): Promise<RollbackPlan> => {
  if (backup !== null) return prepareRollback(context, environment, backup, { data, release });
  if (previous !== null) return prepareReleaseRollback(environment, previous);
  throw new RolloutError(
    'nothing-to-go-back-to',
    exitCodes.usage,
    'there is neither a backup nor an earlier release to go back to',
  );
};

/** The plan as this rollback goes: an undo runs no smoke tests, as those of the new release may be why it is undone. */
const planOf = (
  plan: RollbackPlan,
  events: OpenRun['recorder']['events'],
  { resume, trigger }: RollbackRequest,
): RollbackPlan => {
  const begun = resume ? asBegun(plan, events) : plan;
  return trigger === 'undo'
    ? { ...begun, steps: begun.steps.filter((step) => step !== 'smoke') }
    : begun;
};

/** A later process finds the release switched already: where it came from is on the record. */
const asBegun = (plan: RollbackPlan, events: OpenRun['recorder']['events']): RollbackPlan => {
  const from = lastOf(events, 'rollback.started')?.from ?? null;
  if (from === null) return plan;
  const { to } = plan.release;
  return { ...plan, release: { from, to, changes: from !== to } };
};

/** The page of the run so far, for the incident; without one the incident is written all the same. */
const reportOf = async ({ context, environment, recorder }: OpenRun): Promise<string | null> => {
  try {
    return await readRunPage(environment, recorder);
  } catch (error) {
    context.output.warn(`the page of the run could not be written: ${messageOf(error)}`);
    return null;
  }
};

/** For the safety zip's manifest; a database that can't be read keeps nobody from going back. */
const migrationsOf = async ({ context, environment }: OpenRun): Promise<string[]> => {
  try {
    return [...(await appliedMigrations(environment.config))];
  } catch (error) {
    context.output.warn(`which migrations the live data has can't be read: ${messageOf(error)}`);
    return [];
  }
};

const rollbackOptions = async (
  open: OpenRun,
  plan: RollbackPlan,
  request: RollbackRequest,
): Promise<Parameters<typeof rollback>[0]> => {
  const { context, environment, recorder } = open;
  const { config, layout, shown } = environment;
  const files = layout.run(recorder.run);
  const { from, to } = plan.release;
  const run = { runId: recorder.run, version: to, previous: from };
  const target = environment.target(run);
  const health = environment.health(to);
  const typed = (command: string) => commandHint(context, `${command} --env ${config.env}`);
  return {
    plan,
    service: {
      active: () => target.current(),
      stop: () => target.stop(),
      activate: (version) => target.activate(version),
      start: async () => {
        // It may have been started just before the earlier process died; two would fight for its port.
        if (request.resume) await target.stop();
        await target.start();
      },
    },
    validation: {
      health: async (signal) => {
        const { ok, reason } = await health.check(signal);
        return { ok: ok === true, ...(reason === undefined ? {} : { reason }) };
      },
      smoke: (signal) => runSmoke(config, run, { signal }),
    },
    clock: context.clock,
    runId: recorder.run,
    safetyDir: join(config.backup.dir, 'safety'),
    incidentDir: files.incident,
    root: config.root,
    past: [...recorder.past],
    tool,
    reason: request.reason,
    head: () => recorder.head,
    migrations: await migrationsOf(open),
    report: () => reportOf(open),
    nextCommands: [
      typed('status'),
      `${typed('rollback')} --resume`,
      ...(plan.facts.backup === null
        ? []
        : [`${typed('rollback')} --backup ${shown(plan.facts.backup.file)}`]),
    ],
  };
};
