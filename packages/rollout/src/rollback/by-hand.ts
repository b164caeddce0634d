import { acquireLock, type Lock, readLock } from '@dhash/journal';
import { exitCodes, RolloutError } from '../errors.ts';
import { ask, waitFor } from '../guard/requests.ts';
import { openAnnouncer } from '../operate/announcer.ts';
import type { CommandContext, CommandResult } from '../operate/context.ts';
import type { Environment } from '../operate/environment.ts';
import { busy, describeHolder, holding } from '../operate/holding.ts';
import { currentHost, currentUser } from '../operate/who.ts';
import { asJson, openRecorder, type Recorder } from '../record/recorder.ts';
import { newRunId } from '../record/run-id.ts';
import { listRuns, newestChange, readRun } from '../record/runs.ts';
import { tool } from '../tool.ts';
import { prepareRollback } from './prepare.ts';
import { recordRollback } from './record-rollback.ts';

/** Longest that a rollback waits for a watch to stand down before it takes the lock over, ms. */
const standDownMs = 10_000;
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
  return { exit: exitCodes.done, fields: { dryRun: true, plan } };
};

/** A rollback that a person asks for. The backup is verified before anything else is touched. */
export const rollbackByHand = async (
  context: CommandContext,
  environment: Environment,
  backup: string,
  reason: string,
): Promise<CommandResult> => {
  await prepareRollback(context, environment, backup);
  const { config } = environment;
  const { lockFile } = environment.target({ runId: 'rollback', version: null, previous: null });
  const held = await readLock(lockFile);
  if (held?.alive !== true || held.holder.run === undefined) {
    return holding(context, { lockFile, command: 'rollback', env: config.env }, (lock) =>
      withLock(context, environment, lock, backup, reason),
    );
  }
  const { run, command } = { run: held.holder.run, command: held.holder.command };
  const recorded = await readRun(environment.layout, run);
  if (recorded?.state.status === 'rolling back') return follow(context, environment, run);
  if (recorded?.state.status !== 'watching') throw busy(config.env, held.holder);

  context.output.line(`asking the watch of ${run} to stand down`);
  await ask(context, environment, run, 'rollback', reason);
  const lock = await waitFor(
    context,
    async () => {
      const acquired = await acquireLock(lockFile, { command: 'rollback', run });
      return acquired.kind === 'acquired' ? acquired.lock : null;
    },
    standDownMs,
  );
  if (lock !== null)
    return releasing(lock, () => withLock(context, environment, lock, backup, reason));

  const now = await readRun(environment.layout, run);
  if (now?.state.status === 'rolling back') return follow(context, environment, run);
  const taken = await acquireLock(lockFile, { command: 'rollback', run, takeOver: 'always' });
  if (taken.kind === 'held') throw busy(config.env, taken.holder);
  context.output.warn(
    `${command} (pid ${held.holder.pid}) did not stand down within ${standDownMs / 1000} s: its lock was taken over`,
  );
  return releasing(taken.lock, () =>
    withLock(context, environment, taken.lock, backup, reason, describeHolder(held.holder)),
  );
};

const releasing = async <T>(lock: Lock, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } finally {
    await lock.release();
  }
};

/** The run that a rollback belongs to: the open deploy it takes back, else one of its own. */
const recorderFor = async (
  context: CommandContext,
  environment: Environment,
): Promise<Recorder> => {
  const { config, layout } = environment;
  const newest = newestChange(await listRuns(layout, config.env));
  if (newest !== null && !newest.state.closed)
    return openRecorder(layout, newest.state.run, { now: context.clock.now });
  const run = newRunId(context.clock.now(), config.env, 'rollback');
  const recorder = await openRecorder(layout, run, { now: context.clock.now });
  await recorder.record({
    type: 'run.opened',
    kind: 'rollback',
    env: config.env,
    service: config.service,
    tool: asJson(tool),
    user: currentUser(context.processEnv),
    host: currentHost(),
  });
  return recorder;
};

const withLock = async (
  context: CommandContext,
  environment: Environment,
  lock: Lock,
  backup: string,
  reason: string,
  takenFrom?: string,
): Promise<CommandResult> => {
  const recorder = await recorderFor(context, environment);
  try {
    if (takenFrom !== undefined)
      await recorder.record({
        type: 'lock.taken-over',
        from: takenFrom,
        by: currentUser(context.processEnv),
      });
    const announcer = openAnnouncer(context, environment, recorder);
    return await recordRollback(context, environment, recorder, lock, announcer, {
      backup,
      previous: null,
      data: 'restore',
      reason,
      trigger: 'person',
      resume: false,
    });
  } finally {
    await recorder.close();
  }
};

/** Goes on with a rollback whose process died. */
export const resumeRollback = async (
  context: CommandContext,
  environment: Environment,
): Promise<CommandResult> => {
  const { config, layout } = environment;
  const newest = newestChange(await listRuns(layout, config.env));
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
      const recorder = await openRecorder(layout, state.run, { now: context.clock.now });
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

/** An automatic rollback is under way: it is followed, not doubled. */
const follow = async (
  context: CommandContext,
  environment: Environment,
  run: string,
): Promise<CommandResult> => {
  context.output.line(`run ${run} is already rolling back; following it`);
  const ended = await waitFor(
    context,
    async () => {
      const now = await readRun(environment.layout, run);
      const status = now?.state.status;
      return status === undefined || status === 'rolling back' ? null : status;
    },
    followMs,
  );
  context.output.line(`run ${run} is ${ended ?? 'still rolling back'}`);
  if (ended === 'rolled back') return { exit: exitCodes.done, run };
  return { exit: exitCodes.rollbackNotValidated, run };
};
