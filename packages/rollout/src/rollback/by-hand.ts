import { type Lock, readLock } from '@dhash/journal';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { holding, releasing } from '../environment/lock.ts';
import { openRun, recorderOf } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { openAnnouncer } from '../notify/announcer.ts';
import { currentUser } from '../process/who.ts';
import type { Recorder } from '../record/recorder.ts';
import { newRunId } from '../record/run-id.ts';
import { foldRun } from '../record/run-state.ts';
import { newestChange, readRun, surveyRuns } from '../record/runs.ts';
import { waitFor } from '../takeover/requests.ts';
import { takeFromWatch } from '../takeover/take-from-watch.ts';
import { keepPutAside } from './keep-put-aside.ts';
import { prepareRollback } from './prepare.ts';
import { recordRollback } from './record-rollback.ts';

/** Longest that an automatic rollback already under way is followed, ms. */
const followMs = 15 * 60_000;

/** Verifies the backup and shows what a rollback would do. */
export const dryRunRollback = async (
  context: CommandContext,
  environment: Environment,
  backup: string,
): Promise<CommandResult> => {
  const plan = await prepareRollback(context, environment, backup);
  for (const sentence of plan.sentences) context.output.line(sentence);
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
  backup: string,
  reason: string,
): Promise<CommandResult> => {
  await prepareRollback(context, environment, backup);
  const { lockFile } = environment.target({ runId: 'rollback', version: null, previous: null });
  const taken = await takeFromWatch(context, environment, {
    lockFile,
    command: 'rollback',
    kind: 'rollback',
    reason,
  });
  if (taken.kind === 'rolling back') return follow(context, environment, lockFile, taken.run);
  return releasing(taken.lock, (lock) =>
    withLock(context, environment, lock, backup, reason, taken.from),
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
    context.output.warn(`the record of ${record.run} does not verify: ${record.problem}`);
  const newest = newestChange(runs);
  const lost = broken.find(
    (record) => newest === null || secondOf(record.run) > secondOf(newest.state.run),
  );
  if (newest !== null && !newest.state.closed && lost === undefined)
    return recorderOf(context, environment, newest.state.run);
  if (lost !== undefined)
    context.output.warn(`this rollback goes on with a run of its own, not with ${lost.run}`);
  const run = newRunId(context.clock.now(), config.env, 'rollback');
  const recorder = await openRun(context, environment, { run, kind: 'rollback' });
  for (const { run: lostRun, problem } of broken)
    await recorder.record({ type: 'record.broken', run: lostRun, problem });
  return recorder;
};

const withLock = async (
  context: CommandContext,
  environment: Environment,
  lock: Lock,
  backup: string,
  reason: string,
  takenFrom: string | null,
): Promise<CommandResult> => {
  const recorder = await recorderFor(context, environment);
  try {
    if (takenFrom !== null)
      await recorder.record({
        type: 'lock.taken-over',
        from: takenFrom,
        by: currentUser(context.processEnv),
      });
    const announcer = openAnnouncer(context, environment, recorder);
    // Begun anew, it would know nothing of what the earlier process put aside.
    const isCutOff = cutOffRollbackTo(recorder) === backup;
    if (!isCutOff) await keepPutAside(context, environment, recorder);
    return await recordRollback(context, environment, recorder, lock, announcer, {
      backup,
      previous: null,
      data: 'restore',
      reason,
      trigger: 'person',
      resume: isCutOff,
    });
  } finally {
    await recorder.close();
  }
};

/** The backup that an earlier process was putting back when it died; `null` where none was. */
const cutOffRollbackTo = ({ run, events }: Recorder): string | null => {
  if (foldRun(run, events)?.status !== 'rolling back') return null;
  const started = events.findLast(({ type }) => type === 'rollback.started');
  return typeof started?.['backup'] === 'string' ? started['backup'] : null;
};

/** Goes on with a rollback whose process died. */
export const resumeRollback = async (
  context: CommandContext,
  environment: Environment,
): Promise<CommandResult> => {
  const { config, layout } = environment;
  const newest = newestChange((await surveyRuns(layout, config.env)).runs);
  const state = newest?.state;
  if (
    state === undefined ||
    state.closed ||
    !['rolling back', 'needs people'].includes(state.status)
  )
    throw new RolloutError(
      'nothing-to-resume',
      exitCodes.usage,
      `${config.env} has no rollback that was cut off${state === undefined ? '' : `; its newest run, ${state.run}, is ${state.status}`}`,
    );
  const { lockFile } = environment.target({
    runId: state.run,
    version: state.version,
    previous: state.previous,
  });
  return holding(
    context,
    { lockFile, command: 'rollback --resume', env: config.env, run: state.run },
    async (lock) => {
      const recorder = await recorderOf(context, environment, state.run);
      try {
        const started = recorder.events.findLast(({ type }) => type === 'rollback.started');
        if (started === undefined)
          throw new RolloutError(
            'nothing-to-resume',
            exitCodes.usage,
            `run ${state.run} was never being rolled back`,
          );
        const announcer = openAnnouncer(context, environment, recorder);
        return await recordRollback(context, environment, recorder, lock, announcer, {
          backup: typeof started['backup'] === 'string' ? started['backup'] : null,
          previous: typeof started['to'] === 'string' ? started['to'] : null,
          data: started['data'] === 'keep' ? 'keep' : 'restore',
          reason: String(started['reason'] ?? ''),
          trigger: started['trigger'] === 'gate' ? 'gate' : 'person',
          resume: true,
        });
      } finally {
        await recorder.close();
      }
    },
  );
};

/**
 * A rollback is under way: it is followed, not doubled. Where its process dies meanwhile, this one
 * goes on with it.
 */
const follow = async (
  context: CommandContext,
  environment: Environment,
  lockFile: string,
  run: string,
): Promise<CommandResult> => {
  context.output.line(
    `run ${run} is already rolling back, to its own backup; following it, the one named here is not used`,
  );
  const ended = await waitFor(
    context,
    async () => {
      // The lock first: a process that ends writes its last line before it gives the lock up.
      const lock = await readLock(lockFile);
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
  return { exit: exitCodes.rollbackNotValidated, run };
};
