import { runSteps, undoSteps } from '@dhash/journal';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { tellWhereLeftDown } from '../environment/left-down.ts';
import { holding } from '../environment/lock.ts';
import { beginRun, closeRun, type OpenRun, recorderOf } from '../environment/open-run.ts';
import { untilSafePoint } from '../environment/safe-point.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { requireNotFrozen } from '../freeze/freeze.ts';
import type { Direction } from '../migrations/types.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { currentUser } from '../process/who.ts';
import { allOf, lastOf } from '../record/events.ts';
import { beginsAfter, newRunId } from '../record/run-id.ts';
import { foldRun } from '../record/run-state.ts';
import { mayDo } from '../record/ways-out.ts';
import { isUndoneByData, undoByData } from '../rollback/data-undo.ts';
import { resumeOnRecord } from '../rollback/resume.ts';
import { refusal, requireWayOut, situationNow } from '../takeover/require-way-out.ts';
import { migrateSteps } from './migrate-steps.ts';
import {
  declaredMigrations,
  type PreparedMigration,
  prepareMigration,
} from './prepare-migration.ts';
import { type Failure, failureOnRecord } from './take-back.ts';

/** @throws RolloutError with the refusal's exit code */
export const requireMigratable = async (
  context: CommandContext,
  environment: Environment,
): Promise<void> => {
  declaredMigrations(environment.config);
  await requireNotFrozen(context, environment);
  const situation = { ...(await situationNow(environment)), held: 'free' as const };
  if (!mayDo('migrate', situation).go)
    throw await refusal(context, environment, 'migrate', situation);
  const target = environment.target({ runId: 'migrate', version: null, previous: null });
  if ((await target.current()) !== null) return;
  // There would be no release to start again, after the migrations as after their undo.
  const { env } = environment.config;
  throw new RolloutError('no-release', exitCodes.usage, `no release is active in ${env}`, {
    hints: [
      `${commandHint(context, `deploy --env ${env}`)}   migrates the data for its release`,
      `${commandHint(context, `migrate --env ${env} --dry-run`)}   tries the migrations on a copy`,
    ],
  });
};

/** Runs the migrations as steps on a record, between a stop and a start unless they are online. */
export const migrate = async (
  context: CommandContext,
  environment: Environment,
  direction: Direction,
  fields: Record<string, unknown>,
): Promise<CommandResult> => {
  const { config, lockFile } = environment;
  const { newest } = await situationNow(environment);
  const begins = beginsAfter(context.clock.now(), newest?.state.run ?? null);
  const run = newRunId(begins, config.env, 'migrate');
  return holding(
    context,
    { lockFile, command: 'migrate', env: config.env, run, role: 'change' },
    async (lock) => {
      // What was read before the lock may have changed while another command had it.
      await requireMigratable(context, environment);
      const prepared = await prepareMigration(environment, direction, null);
      const { version } = prepared;
      const recorder = await beginRun(context, environment, { run, kind: 'migrate', version });
      return workOnRun(context, environment, { lock, recorder }, async (open) => {
        await recorder.record({
          type: 'migrate.planned',
          direction,
          version,
          migrations: [...prepared.names],
        });
        return runRecorded(open, prepared, fields);
      });
    },
  );
};

/** Goes on with migrations whose process died: the service may stand still since then. */
export const resumeMigrate = async (
  context: CommandContext,
  environment: Environment,
): Promise<CommandResult> => {
  const { config, lockFile } = environment;
  const { state } = await requireWayOut(context, environment, 'migrate --resume');
  const { run } = state;
  return holding(
    context,
    { lockFile, command: 'migrate --resume', env: config.env, run, role: 'change' },
    async (lock) => {
      await requireWayOut(context, environment, 'migrate --resume', { run, lock });
      const recorder = await recorderOf(context, environment, run);
      return workOnRun(context, environment, { lock, recorder }, async (open) => {
        await recorder.record({ type: 'migrate.resumed', user: currentUser(context.processEnv) });
        const begun = lastOf(recorder.events, 'migrate.planned');
        if (begun === undefined) {
          await closeRun(open, { outcome: 'aborted' });
          context.output.line(`run ${run} had not begun anything: it is closed`);
          return { exit: exitCodes.done, run };
        }
        const { direction, version, migrations } = begun;
        const fields = { direction, version, migrations };
        const prepared = await prepareMigration(environment, direction, null, fields);
        return runRecorded(open, prepared, fields);
      });
    },
  );
};

/** Runs, or goes on with, the steps of a run that holds its plan. */
const runRecorded = async (
  open: OpenRun,
  prepared: PreparedMigration,
  fields: Record<string, unknown>,
): Promise<CommandResult> => {
  const { environment, recorder } = open;
  const { run } = recorder;
  const { version } = prepared;
  const target = environment.target({ runId: run, version, previous: version });
  const isResumed = lastOf(recorder.events, 'migrate.resumed') !== undefined;
  const steps = migrateSteps(prepared, { open, target, isResumed });
  const takeBack = (failure: Failure) => takeMigrationsBack(open, { steps, failure, fields });
  const earlier = failureOnRecord(recorder.events);
  if (earlier !== null) return takeBack(earlier);
  const safe = untilSafePoint(open);
  try {
    const outcome = await recorder.follow(
      runSteps(steps, recorder.past, { signal: safe.signal, onFailure: 'stop' }),
    );
    if (outcome.kind === 'failed') {
      if (!safe.signal.aborted)
        return await takeBack({ step: outcome.step, error: messageOf(outcome.error) });
      await tellWhereLeftDown(open, {
        command: `migrate --env ${environment.config.env} --resume`,
        doing: 'a migration',
      });
      throw open.context.signal.reason;
    }
  } finally {
    safe.dispose();
  }
  await closeRun(open, { outcome: 'done' });
  return { exit: exitCodes.done, run, fields };
};

/**
 * After a step that failed: once a migration began with the service stopped, the backup of the stop is put back,
 * since a way down, or up again, may drop what users wrote. Else the steps are undone.
 */
const takeMigrationsBack = async (
  open: OpenRun,
  {
    steps,
    failure,
    fields,
  }: {
    readonly steps: ReturnType<typeof migrateSteps>;
    readonly failure: Failure;
    readonly fields: Record<string, unknown>;
  },
): Promise<CommandResult> => {
  const { context, recorder, environment } = open;
  const { run, events } = recorder;
  if (isUndoneByData(open)) return resumeOnRecord(open);
  context.output.line(`${failure.step} failed: ${failure.error}`);
  const state = foldRun(run, events);
  const began = (name: string) =>
    allOf(events, 'step.started').some(({ step, scope }) => scope === undefined && step === name);
  const backup = state?.backup ?? null;
  if (backup !== null && began('backup-stopped') && began('migrate')) {
    const { version: previous = null } = lastOf(events, 'migrate.planned') ?? {};
    return undoByData(open, {
      ...{ backup, previous },
      reason: `${failure.step} failed: ${failure.error}`,
    });
  }
  const outcome = await recorder.follow(undoSteps(steps, recorder.past));
  if (outcome.kind === 'failed') {
    const problem = messageOf(outcome.error);
    await recorder.record({ type: 'run.stuck', problem });
    context.output.line(
      `PEOPLE ARE NEEDED NOW: ${failure.step} failed, and so did its undo: ${problem}`,
    );
    return { exit: exitCodes.rollbackNotValidated, run, fields };
  }
  await recorder.record({
    type: 'undo.verified',
    active: await environment.target({ runId: run, version: null, previous: null }).current(),
    compared: began('migrate') ? 'its migrations are taken back' : 'the data was not touched',
  });
  await closeRun(open, { outcome: 'failed and undone', reason: failure.error });
  context.output.line(`${failure.step} failed and was undone: ${failure.error}`);
  return { exit: exitCodes.failed, run, fields };
};
