import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JournalEvent, Lock } from '@dhash/journal';
import { type RollbackOutcome, type RollbackPlan, rollback } from '@dhash/rollback';
import { dropFetched } from '../backup/copies/fetched-folder.ts';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { runSmoke } from '../environment/service-checks.ts';
import { showSteps } from '../environment/show-steps.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { appliedMigrations } from '../migrations/applied.ts';
import type { Announcer } from '../notify/announcer.ts';
import { currentUser } from '../process/who.ts';
import { asJson, type Recorder } from '../record/recorder.ts';
import { tool } from '../tool.ts';
import { showProgress } from '../words/progress.ts';
import { describeWritten } from './describe-written.ts';
import { prepareReleaseRollback, prepareRollback } from './prepare.ts';

export interface RollbackRequest {
  /** Absolute; `null`: none, only the release goes back. */
  readonly backup: string | null;
  /** The release that ran before; what a rollback without a backup goes back to. */
  readonly previous: string | null;
  /** `restore`: release and data; `keep`: the release alone. */
  readonly data: 'restore' | 'keep';
  readonly reason: string;
  readonly trigger: 'gate' | 'person';
  /** Go on with the rollback that the record holds. */
  readonly resume: boolean;
}

/**
 * Rolls back on a run's record, and closes the run where it validated. Exit 0 here means: release and
 * data are back and the service is well; a watch turns it into its own 4.
 */
export const recordRollback = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  lock: Lock,
  announcer: Announcer,
  request: RollbackRequest,
): Promise<CommandResult> => {
  const { config, layout } = environment;
  const prepared = await preparedPlan(context, environment, request);
  const plan = request.resume ? asBegun(prepared, recorder.events) : prepared;
  if (!(await lock.isHeld()))
    throw new RolloutError('overtaken', exitCodes.busy, `another command took ${config.env} over`);
  if (request.resume) context.output.line(`going on with the rollback of ${recorder.run}`);
  else for (const sentence of plan.sentences) context.output.line(sentence);
  const progress = showProgress(context);
  recorder.onEvent(progress.end);
  recorder.onEvent(showSteps(context.output));
  const user = currentUser(context.processEnv);
  const { from, to } = plan.release;
  await recorder.record(
    request.resume
      ? { type: 'rollback.resumed', user }
      : {
          type: 'rollback.started',
          backup: plan.facts.backup?.file ?? null,
          sha256: plan.facts.backup?.sha256 ?? null,
          proven: plan.facts.backup?.proven ?? null,
          data: request.data,
          from,
          to,
          reason: request.reason,
          trigger: request.trigger,
          user,
        },
  );
  const variables = {
    version: from ?? '',
    previous: to ?? '',
    reason: request.reason,
    backup: plan.facts.backup === null ? '' : environment.shown(plan.facts.backup.file),
    incident: environment.shown(layout.run(recorder.run).incident),
  };
  announcer.announce('rollback-started', variables);
  const outcome = await recorder.follow(
    rollback({
      ...(await rollbackOptions(context, environment, recorder, plan, request)),
      onProgress: progress.show,
    }),
  );
  return concluded(context, environment, recorder, announcer, plan, outcome, variables);
};

const preparedPlan = (
  context: CommandContext,
  environment: Environment,
  { backup, previous, data }: RollbackRequest,
): Promise<RollbackPlan> => {
  if (backup !== null) return prepareRollback(context, environment, backup, data);
  if (previous !== null) return prepareReleaseRollback(environment, previous);
  throw new RolloutError(
    'nothing-to-go-back-to',
    exitCodes.usage,
    'there is neither a backup nor an earlier release to go back to',
  );
};

/** A later process finds the release switched already: where it came from is on the record. */
const asBegun = (plan: RollbackPlan, events: readonly JournalEvent[]): RollbackPlan => {
  const from = events.findLast(({ type }) => type === 'rollback.started')?.['from'];
  if (typeof from !== 'string') return plan;
  const { to } = plan.release;
  return { ...plan, release: { from, to, changes: from !== to } };
};

const rollbackOptions = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  plan: RollbackPlan,
  request: RollbackRequest,
): Promise<Parameters<typeof rollback>[0]> => {
  const { config, layout } = environment;
  const files = layout.run(recorder.run);
  const { from, to } = plan.release;
  const target = environment.target({ runId: recorder.run, version: to, previous: from });
  const health = environment.health(to);
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
      smoke: (signal) =>
        runSmoke(config, { runId: recorder.run, version: to, previous: from }, { signal }),
    },
    clock: context.clock,
    runId: recorder.run,
    safetyDir: join(config.backup.dir, 'safety'),
    incidentDir: files.incident,
    root: config.root,
    past: [...recorder.events],
    tool,
    reason: request.reason,
    head: () => recorder.head,
    signal: context.signal,
    migrations: await appliedMigrations(config),
    report: async () => (existsSync(files.report) ? readFile(files.report, 'utf8') : null),
    nextCommands: [
      `npx dhash-rollout status --env ${config.env}`,
      `npx dhash-rollout rollback --env ${config.env} --resume`,
      ...(plan.facts.backup === null
        ? []
        : [
            `npx dhash-rollout rollback --env ${config.env} --backup ${environment.shown(plan.facts.backup.file)}`,
          ]),
    ],
  };
};

const concluded = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  announcer: Announcer,
  plan: RollbackPlan,
  outcome: RollbackOutcome,
  variables: Record<string, string>,
): Promise<CommandResult> => {
  const { output } = context;
  const { from, to, changes } = plan.release;
  const fields = { from, to, backup: variables['backup'], outcome: outcome.kind };
  switch (outcome.kind) {
    case 'validated': {
      for (const warning of outcome.warnings) output.warn(warning);
      announcer.announce('rollback-done', {
        ...variables,
        safety: outcome.safety === null ? '' : environment.shown(outcome.safety),
        summary: outcome.written === null ? '' : describeWritten(outcome.written),
      });
      await announcer.settle();
      await recorder.record({
        type: 'run.closed',
        outcome: 'rolled back',
        from,
        to,
        proof: outcome.proof,
        warnings: [...outcome.warnings],
      });
      if (plan.facts.backup !== null)
        await dropFetched(context, environment, plan.facts.backup.file);
      const shown = (path: string | null) => (path === null ? null : environment.shown(path));
      output.line(
        changes
          ? `rolled back and validated: release ${to ?? '(none)'} runs ${plan.data === 'restore' ? 'on the data of the backup' : 'on the data as it was'}`
          : `the data of the backup is back and validated; release ${to ?? '(none)'} stayed`,
      );
      output.line(`incident: ${shown(outcome.incident) ?? 'not written'}`);
      if (outcome.written !== null)
        output.line(`written since the backup: ${describeWritten(outcome.written)}`);
      if (outcome.safety !== null) output.line(`what it replaced: ${shown(outcome.safety)}`);
      return {
        exit: exitCodes.done,
        run: recorder.run,
        fields: {
          ...fields,
          incident: shown(outcome.incident),
          safety: shown(outcome.safety),
          proof: outcome.proof,
          written: asJson(outcome.written),
        },
      };
    }
    case 'failed-before-swap': {
      const error = messageOf(outcome.error);
      await recorder.record({ type: 'rollback.put-back', step: outcome.step, error });
      announcer.announce('rollback-failed', { ...variables, step: outcome.step, reason: error });
      await announcer.settle();
      output.line(`${outcome.step} failed: ${error}`);
      output.line(
        'nothing was changed: the data is the one from before, and the service runs again',
      );
      return { exit: exitCodes.failed, run: recorder.run, fields: { ...fields, error } };
    }
    case 'not-validated': {
      const error = messageOf(outcome.error);
      await recorder.record({
        type: 'rollback.not-validated',
        step: outcome.step,
        error,
        state: outcome.state,
      });
      announcer.announce('rollback-failed', {
        ...variables,
        step: outcome.step,
        state: outcome.state,
      });
      await announcer.settle();
      output.line(`PEOPLE ARE NEEDED NOW: ${outcome.state}`);
      for (const command of outcome.commands) output.line(`  → ${command}`);
      return {
        exit: exitCodes.rollbackNotValidated,
        run: recorder.run,
        fields: { ...fields, error, state: outcome.state },
      };
    }
  }
};
