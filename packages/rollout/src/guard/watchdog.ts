import type { CommandContext, CommandResult } from '../environment/context.ts';
import { commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { holding } from '../environment/lock.ts';
import { type OpenRun, recorderOf } from '../environment/open-run.ts';
import { exitCodes } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { lastOf } from '../record/events.ts';
import { type Standing, standingOf } from '../record/standing.ts';
import { type SituationNow, situationNow } from '../takeover/require-way-out.ts';
import { monitor } from './monitor.ts';

/** How long after it told the channels the watchdog keeps quiet about the same run, ms. */
const quietMs = 30 * 60_000;

/** Longest that a finished deploy may await its guard before somebody hears of it, ms. */
const awaitsGuardMs = 10 * 60_000;

/** Standings in which a living process should be at work, and what it means that none is. */
const alone: Partial<Record<Standing, string>> = {
  watched: 'its watch has no process any more: nobody guards the release',
  deploying: 'the deploy was cut off: nobody goes on with it',
  undoing: 'the undo of the deploy was cut off: nobody goes on with it',
  unmigrating: 'the undo of the migrations was cut off: nobody goes on with it',
  migrating: 'the migrations were cut off: nobody goes on with them',
  'rolling back': 'the rollback was cut off: nobody goes on with it',
};

/** What a look found; `null`: all is as it should be. Pure. */
export const findingOf = (
  situation: Pick<SituationNow, 'state' | 'rollbackUnfinished' | 'held' | 'newest'>,
  nowMs: number,
): string | null => {
  const { state, held, newest } = situation;
  if (state === null || held !== 'free') return null;
  const standing = standingOf(situation);
  const why = alone[standing];
  if (why !== undefined) return why;
  const last = newest?.events.at(-1);
  const sinceMs = last === undefined ? 0 : nowMs - Date.parse(last.at);
  return standing === 'awaiting guard' && sinceMs > awaitsGuardMs
    ? `its deploy is through since ${Math.round(sinceMs / 60_000)} min, and nobody watches it`
    : null;
};

/**
 * One look at an environment, for a timer: finds a run whose process is gone, tells the channels, and with
 * `takeOver` goes on with the watch in this process.
 */
export const watchdog = async (
  context: CommandContext,
  environment: Environment,
  { takeOver }: { readonly takeOver: boolean },
): Promise<CommandResult> => {
  const { env } = environment.config;
  const situation = await situationNow(environment);
  const finding = findingOf(situation, context.clock.now());
  if (situation.state === null || finding === null) {
    context.output.line(`${env}: nothing that should be at work is missing`);
    return { exit: exitCodes.done, fields: { env, finding } };
  }
  const { run } = situation.state;
  context.output.line(`${env}: run ${run}: ${finding}`);
  await tell(context, environment, run, finding);
  const standing = standingOf(situation);
  if (takeOver && (standing === 'watched' || standing === 'awaiting guard')) {
    context.output.line(`${env}: going on with the watch`);
    return monitor(context, environment, { resume: false, extend: null, autoRollback: true });
  }
  context.output.line(
    `  → ${commandHint(context, `status --env ${env}`)}   says what can be typed`,
  );
  return { exit: exitCodes.failed, run, fields: { env, finding } };
};

/** On the run's record, and so to its channels; not again for a while. */
const tell = (
  context: CommandContext,
  environment: Environment,
  run: string,
  finding: string,
): Promise<void> =>
  holding(
    context,
    {
      lockFile: environment.lockFile,
      command: 'watchdog',
      env: environment.config.env,
      run,
      role: 'watch',
    },
    async (lock) => {
      const recorder = await recorderOf(context, environment, run);
      await workOnRun(context, environment, { lock, recorder }, (open) => record(open, finding));
    },
  );

const record = async ({ context, recorder }: OpenRun, finding: string): Promise<void> => {
  const told = lastOf(recorder.events, 'guard.missed');
  const isFresh =
    told !== undefined && Math.abs(context.clock.now() - Date.parse(told.at)) < quietMs;
  if (isFresh && told.finding === finding) return;
  await recorder.record({ type: 'guard.missed', finding });
};
