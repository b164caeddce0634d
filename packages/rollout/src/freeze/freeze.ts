import { parseDuration } from '../config/duration.ts';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { beginRun, recorderOf } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { currentUser } from '../process/who.ts';
import { lastOf, type RecordedEvent } from '../record/events.ts';
import { newRunId } from '../record/run-id.ts';
import { type RecordedRun, surveyRuns } from '../record/runs.ts';

/** A freeze that holds now. */
export interface Freeze {
  readonly run: string;
  /** ISO 8601, UTC. */
  readonly until: string;
  readonly user: string;
  readonly reason: string;
}

/**
 * The freeze that holds; `null`: none does. Pure.
 *
 * @param runs of one environment, newest first
 */
export const freezeAt = (runs: readonly RecordedRun[], nowMs: number): Freeze | null => {
  for (const { state, events } of runs) {
    if (state.kind !== 'freeze' || state.closed) continue;
    const set: RecordedEvent<'freeze.set'> | undefined = lastOf(events, 'freeze.set');
    if (set === undefined || Date.parse(set.until) <= nowMs) continue;
    const { until, user, reason } = set;
    return { run: state.run, until, user, reason };
  }
  return null;
};

/**
 * For commands that bring something new: a freeze holds them back, and never a way back.
 *
 * @throws RolloutError `frozen` (exit 7): by whom, until when and why
 */
export const requireNotFrozen = async (
  context: CommandContext,
  { layout, config }: Environment,
): Promise<void> => {
  const { runs } = await surveyRuns(layout, config.env);
  const freeze = freezeAt(runs, context.clock.now());
  if (freeze === null) return;
  throw new RolloutError(
    'frozen',
    exitCodes.busy,
    `${config.env} is frozen until ${freeze.until} by ${freeze.user}: ${freeze.reason}`,
    {
      hints: [`${commandHint(context, `unfreeze --env ${config.env} --reason "…"`)}   lifts it`],
    },
  );
};

/**
 * The end of a freeze as a person gives it: a duration from now (`4h`), or an instant with its zone.
 *
 * @returns Unix epoch, ms
 * @throws RolloutError `bad-time` (exit 2)
 */
export const untilMs = (given: string, nowMs: number): number => {
  const duration = parseDuration(given);
  if (duration !== null) return nowMs + duration;
  // Without a zone it would mean another instant on the next machine.
  const hasZone = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(given);
  const atMs = hasZone ? Date.parse(given) : Number.NaN;
  if (Number.isNaN(atMs))
    throw new RolloutError(
      'bad-time',
      exitCodes.usage,
      `--until ${given}: expected a duration such as 4h, or a time with its zone such as 2026-12-24T08:00Z`,
    );
  if (atMs <= nowMs)
    throw new RolloutError('bad-time', exitCodes.usage, `--until ${given} is not in the future`);
  return atMs;
};

/** Holds deploys and migrations back until then. Needs no lock: it changes nothing that runs. */
export const freeze = async (
  context: CommandContext,
  environment: Environment,
  { until, reason }: { readonly until: string; readonly reason: string },
): Promise<CommandResult> => {
  const { env } = environment.config;
  const nowMs = context.clock.now();
  const end = new Date(untilMs(until, nowMs)).toISOString();
  const user = currentUser(context.processEnv);
  const run = newRunId(nowMs, env, 'freeze');
  const recorder = await beginRun(context, environment, { run, kind: 'freeze' });
  try {
    await recorder.record({ type: 'freeze.set', until: end, user, reason });
  } finally {
    await recorder.close();
  }
  context.output.line(`${env} is frozen until ${end}: ${reason}`);
  return { exit: exitCodes.done, run, fields: { until: end } };
};

/** Lifts every freeze that holds. */
export const unfreeze = async (
  context: CommandContext,
  environment: Environment,
  reason: string,
): Promise<CommandResult> => {
  const { env } = environment.config;
  const user = currentUser(context.processEnv);
  for (let lifted = 0; ; lifted += 1) {
    const { runs } = await surveyRuns(environment.layout, env);
    const held = freezeAt(runs, context.clock.now());
    if (held === null) {
      if (lifted === 0)
        throw new RolloutError('not-frozen', exitCodes.usage, `${env} is not frozen`);
      return { exit: exitCodes.done, fields: { lifted } };
    }
    const recorder = await recorderOf(context, environment, held.run);
    try {
      await recorder.record({ type: 'run.closed', outcome: 'done', reason, user });
    } finally {
      await recorder.close();
    }
    context.output.line(`${env} is not frozen any more (it was, by ${held.user}: ${held.reason})`);
  }
};
