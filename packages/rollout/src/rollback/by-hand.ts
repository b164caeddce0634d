import { existsSync, realpathSync } from 'node:fs';
import { isJournalError, readLock } from '@dhash/journal';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { type HeldLock, releasing } from '../environment/lock.ts';
import { beginRun, closeRun, type OpenRun, recorderOf } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { currentUser } from '../process/who.ts';
import { lastOf } from '../record/events.ts';
import type { Recorder } from '../record/recorder.ts';
import { beginsAfter, newRunId } from '../record/run-id.ts';
import { foldRun, hasHalfSwap, hasUnfinishedRollback } from '../record/run-state.ts';
import { newestChange, readRun, surveyRuns } from '../record/runs.ts';
import { standingOf } from '../record/standing.ts';
import { describeWayBack, wayBackAnswer } from '../record/way-back.ts';
import { waitFor } from '../takeover/requests.ts';
import { takeFromWatch } from '../takeover/take-from-watch.ts';
import { keepPutAside } from './keep-put-aside.ts';
import { type PartsBack, prepareReleaseRollback, prepareRollback } from './prepare.ts';
import { resumeOnRecord, resumeRollback } from './resume.ts';
import { type RollbackRequest, runRollback } from './run-rollback.ts';
import { tellRollback } from './tell-rollback.ts';

/** Longest that an automatic rollback already under way is followed, ms. */
const followMs = 15 * 60_000;

/** Where a person wants to go back to. */
export type WayBack =
  | { readonly kind: 'backup'; readonly file: string; readonly release: PartsBack['release'] }
  | { readonly kind: 'release'; readonly to: string };

const planFor = (context: CommandContext, environment: Environment, wayBack: WayBack) =>
  wayBack.kind === 'backup'
    ? prepareRollback(context, environment, wayBack.file, {
        data: 'restore',
        release: wayBack.release,
      })
    : prepareReleaseRollback(environment, wayBack.to);

/** Verifies the backup and shows what a rollback would do. */
export const dryRunRollback = async (
  context: CommandContext,
  environment: Environment,
  wayBack: WayBack,
): Promise<CommandResult> => {
  const plan = await planFor(context, environment, wayBack);
  for (const sentence of plan.sentences) context.output.line(sentence);
  const { runs } = await surveyRuns(environment.layout, environment.config.env);
  const newest = newestChange(runs);
  const answer = newest === null || newest.state.closed ? null : wayBackAnswer(newest.events);
  if (answer !== null) context.output.line(describeWayBack(answer));
  if (answer?.answer === 'proven' && wayBack.kind === 'backup')
    context.output.line(
      `to keep what was written: ${commandHint(context, `rollback --env ${environment.config.env} --release-only --to ${answer.release}`)}`,
    );
  context.output.line('dry run: nothing was changed');
  // How a source is reached may hold a password.
  const sources = plan.facts.sources.map(({ name, type }) => ({ name, type }));
  const shown = { ...plan, facts: { ...plan.facts, sources } };
  return { exit: exitCodes.done, fields: { dryRun: true, plan: shown } };
};

/** A rollback that a person asks for. The backup is verified before anything else is touched. */
export const rollbackByHand = async (
  context: CommandContext,
  environment: Environment,
  wayBack: WayBack,
  reason: string,
): Promise<CommandResult> => {
  await planFor(context, environment, wayBack);
  const taken = await takeFromWatch(context, environment, {
    command: 'rollback',
    kind: 'rollback',
    reason,
  });
  if (taken.kind === 'rolling back') return follow(context, environment, taken.run);
  return releasing(context, taken.lock, (lock) =>
    withLock(context, environment, lock, { wayBack, reason, takenFrom: taken.from }),
  );
};

/** When a run began, to the second: all that the name of a broken record tells of it. */
const secondOf = (run: string): string => run.slice(0, '20261124T101500Z'.length);

/** The run that a rollback belongs to: the open deploy it takes back, else one of its own. */
const recorderFor = async (
  context: CommandContext,
  environment: Environment,
): Promise<Recorder> => {
  const { config, layout } = environment;
  const { runs, broken } = await surveyRuns(layout, config.env);
  for (const record of broken)
    context.output.warn(
      `the record of ${record.run} ${record.isUnreadable ? 'says nothing' : "can't be relied on"}: ${record.problem}`,
    );
  const newest = newestChange(runs);
  const lost = broken.find(
    (record) => newest === null || secondOf(record.run) > secondOf(newest.state.run),
  );
  if (newest !== null && !newest.state.closed && lost === undefined) {
    try {
      return await recorderOf(context, environment, newest.state.run);
    } catch (error) {
      // Its record is another user's: an emergency waits for no right.
      if (!isJournalError(error) || error.code !== 'no-right') throw error;
      context.output.warn(`${error.message}; this rollback goes on with a run of its own`);
    }
  }
  if (lost !== undefined)
    context.output.warn(`this rollback goes on with a run of its own, not with ${lost.run}`);
  const after = lost?.run ?? newest?.state.run ?? null;
  const run = newRunId(beginsAfter(context.clock.now(), after), config.env, 'rollback');
  const recorder = await beginRun(context, environment, { run, kind: 'rollback' });
  for (const { run: lostRun, problem } of broken)
    await recorder.record({ type: 'record.broken', run: lostRun, problem });
  return recorder;
};

interface Asked {
  readonly wayBack: WayBack;
  readonly reason: string;
  readonly takenFrom: string | null;
}

const withLock = async (
  context: CommandContext,
  environment: Environment,
  lock: HeldLock,
  asked: Asked,
): Promise<CommandResult> => {
  const recorder = await recorderFor(context, environment);
  const first = await workOnRun(context, environment, { lock, recorder }, (open) =>
    rollBackOn(open, asked),
  );
  if (first !== 'ended the earlier one') return first;
  return withLock(context, environment, lock, { ...asked, takenFrom: null });
};

const rollBackOn = async (
  open: OpenRun,
  { wayBack, reason, takenFrom }: Asked,
): Promise<CommandResult | 'ended the earlier one'> => {
  const { context, recorder } = open;
  if (takenFrom !== null)
    await recorder.record({
      type: 'lock.taken-over',
      from: takenFrom,
      by: currentUser(context.processEnv),
    });
  const cutOff = cutOffRollbackTo(recorder);
  // Begun anew, it would know nothing of what the earlier process put aside.
  if (cutOff !== null && wayBack.kind === 'backup' && isSameFile(cutOff, wayBack.file))
    return resumeOnRecord(open);
  if (hasHalfSwap(recorder.events)) {
    context.output.line(
      'an earlier rollback was cut off while it swapped the data: it is ended first, then this one begins',
    );
    const ended = await resumeOnRecord(open);
    return ended.exit === exitCodes.done ? 'ended the earlier one' : ended;
  }
  await keepPutAside(open);
  const request: RollbackRequest = {
    ...(wayBack.kind === 'backup'
      ? { backup: wayBack.file, previous: null, data: 'restore', release: wayBack.release }
      : { backup: null, previous: wayBack.to, data: 'keep', release: 'stamped' }),
    reason,
    trigger: 'person',
    resume: false,
  };
  try {
    return await tellRollback(open, await runRollback(open, request));
  } catch (error) {
    await closeIfNothingBegan(open, error);
    throw error;
  }
};

/** A run of its own that never began its rollback is not left open behind an error. */
const closeIfNothingBegan = async (open: OpenRun, error: unknown): Promise<void> => {
  const { recorder, context } = open;
  const state = foldRun(recorder.run, recorder.events);
  if (state?.kind !== 'rollback' || state.closed || context.signal.aborted) return;
  if (lastOf(recorder.events, 'rollback.started') !== undefined) return;
  await closeRun(open, {
    outcome: 'failed and undone',
    reason: error instanceof Error ? error.message : String(error),
  });
};

/** The backup that an earlier process was putting back when it died; `null` where none was. */
const cutOffRollbackTo = ({ run, events }: Recorder): string | null => {
  const state = foldRun(run, events);
  const standing = standingOf({ state, rollbackUnfinished: hasUnfinishedRollback(events) });
  return standing === 'rolling back' ? (lastOf(events, 'rollback.started')?.backup ?? null) : null;
};

/** Whether two paths lead to one file, by whatever links. */
const isSameFile = (a: string, b: string): boolean => {
  const led = (path: string) => (existsSync(path) ? realpathSync(path) : path);
  return led(a) === led(b);
};

/**
 * A rollback is under way: it is followed, not doubled. Where its process dies meanwhile, this one
 * goes on with it.
 */
const follow = async (
  context: CommandContext,
  environment: Environment,
  run: string,
): Promise<CommandResult> => {
  context.output.line(
    `run ${run} is already rolling back, to its own backup; following it, the one named here is not used`,
  );
  const ended = await waitFor(
    context,
    async () => {
      // The lock first: a process that ends writes its last line before it gives the lock up.
      const lock = await readLock(environment.lockFile);
      const now = await readRun(environment.layout, run);
      const status = now?.state.status;
      if (status !== undefined && status !== 'rolling back') return status;
      return lock?.alive === true ? null : 'cut off';
    },
    followMs,
  );
  if (ended === 'cut off') {
    context.output.warn(`the process that rolled ${run} back is gone: going on with it`);
    return resumeRollback(context, environment);
  }
  context.output.line(`run ${run} is ${ended ?? 'still rolling back'}`);
  if (ended === 'rolled back') return { exit: exitCodes.done, run };
  throw new RolloutError(
    'not-rolled-back',
    exitCodes.rollbackNotValidated,
    `the rollback of ${run} that was followed did not end well: the run is ${ended ?? 'still rolling back'}`,
  );
};
