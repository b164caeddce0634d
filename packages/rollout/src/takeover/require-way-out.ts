import { type Lock, readLock } from '@dhash/journal';
import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { busy } from '../environment/lock.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { hasUnfinishedRollback, type RunState } from '../record/run-state.ts';
import { listRuns, newestChange, type RecordedRun } from '../record/runs.ts';
import { describeStanding, type Situation } from '../record/standing.ts';
import { type Act, mayDo } from '../record/ways-out.ts';
import { driftOf } from './drift.ts';
import { holdingNow } from './holding-now.ts';
import { wayOutLines } from './way-out-lines.ts';

/** Where an environment stands, read now. */
export interface SituationNow extends Situation {
  readonly newest: RecordedRun | null;
}

/**
 * Reads where an environment stands.
 *
 * @param own the lock that this process holds, which then is nobody else's
 * @throws RolloutError (exit 8) where a record does not verify
 */
export const situationNow = async (
  { layout, lockFile, config, target }: Environment,
  own: Lock | null = null,
): Promise<SituationNow> => {
  const newest = newestChange(await listRuns(layout, config.env));
  const lock = own === null ? await readLock(lockFile) : null;
  // One that can't be asked may be gone: whoever wants its lock is told how by the lock itself.
  const held = lock?.standing === 'unvouched' ? 'free' : holdingNow(lock, newest?.state ?? null);
  return {
    newest,
    state: newest?.state ?? null,
    rollbackUnfinished: newest !== null && hasUnfinishedRollback(newest.events),
    held,
    drift: newest === null || newest.state.closed ? null : await driftNow(target, newest.state),
  };
};

const driftNow = async (target: Environment['target'], state: RunState): Promise<string | null> =>
  state.kind === 'deploy'
    ? driftOf(await target({ runId: 'look', version: null, previous: null }).current(), state)
    : null;

/** An open run that an act was accepted for. */
export interface AcceptedRun extends RecordedRun {
  readonly situation: SituationNow;
  readonly state: RunState;
}

/**
 * The open run, where an act is accepted for it now; asked once before the lock, and again under it with `held`.
 *
 * @throws RolloutError with the refusal's exit code and the ways that are accepted
 */
export const requireWayOut = async (
  context: CommandContext,
  environment: Environment,
  act: Act,
  held: { readonly run: string; readonly lock: Lock } | null = null,
): Promise<AcceptedRun> => {
  const situation = await situationNow(environment, held?.lock ?? null);
  const { newest } = situation;
  if (held !== null && newest?.state.run !== held.run)
    throw new RolloutError(
      'overtaken',
      exitCodes.busy,
      `run ${newest?.state.run ?? '(none)'} began meanwhile`,
    );
  const answer = mayDo(act, situation);
  if (!answer.go || newest === null) {
    if (!answer.go && situation.held === 'change') {
      const lock = await readLock(environment.lockFile);
      if (lock?.alive === true) throw busy(context, environment.config.env, lock.holder);
    }
    throw await refusal(context, environment, act, situation);
  }
  return { ...newest, situation };
};

/** The refusal of an act, with what is accepted instead. */
export const refusal = async (
  context: CommandContext,
  environment: Environment,
  act: Act,
  situation: SituationNow,
): Promise<RolloutError> => {
  const answer = mayDo(act, situation);
  const exit = answer.go ? exitCodes.usage : answer.exit;
  const why = answer.go ? describeStanding(situation) : answer.why;
  const { env } = environment.config;
  const lines = await wayOutLines(context, environment, situation, { serviceDown: false });
  const isOpen = situation.state?.closed === false;
  const hints = isOpen
    ? lines
    : // Where nothing is open, whoever wants something undone wants to go back.
      lines.filter((line) => line.includes(' rollback '));
  return new RolloutError(codeOf(exit, isOpen), exit, `${act} is not possible in ${env}: ${why}`, {
    hints: hints.length > 0 ? hints : [commandHint(context, `status --env ${env}`)],
  });
};

const codeOf = (exit: number, isOpen: boolean): string => {
  if (exit === exitCodes.brokenNotRolledBack) return 'drift';
  if (!isOpen) return 'no-open-run';
  return exit === exitCodes.busy ? 'run-open' : 'not-now';
};
