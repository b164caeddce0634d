import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { readLock } from '@dhash/journal';
import { closeOver } from '../environment/close-over.ts';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { busy, holding } from '../environment/lock.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { currentUser } from '../process/who.ts';
import { type InboxRequest, putRequest } from '../record/inbox.ts';
import type { RunState, RunStatus } from '../record/run-state.ts';
import { listRuns, newestChange, readRun } from '../record/runs.ts';

/** Longest that a request waits for the holder to obey, ms; a holder looks every half second. */
const obeyBudgetMs = 10_000;
const lookEveryMs = 250;

const promotable: readonly RunStatus[] = [
  'awaiting guard',
  'watching',
  'interrupted',
  'frozen',
  'inconclusive',
  'alerted',
  'needs people',
];

/** Puts a request, signed with who asks, into the inbox of the run that a living process holds. */
export const ask = (
  context: CommandContext,
  environment: Environment,
  run: string,
  kind: InboxRequest['kind'],
  reason: string,
): Promise<string> =>
  putRequest(environment.layout.run(run).inbox, {
    format: 1,
    kind,
    user: currentUser(context.processEnv),
    reason,
    at: new Date(context.clock.now()).toISOString(),
  });

/** Looks again until `done` answers something, or the budget is spent. */
export const waitFor = async <T>(
  context: CommandContext,
  look: () => Promise<T | null>,
  budgetMs = obeyBudgetMs,
): Promise<T | null> => {
  const untilMs = context.clock.now() + budgetMs;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (context.clock.now() >= untilMs) return null;
    await context.clock.sleep(lookEveryMs, context.signal);
  }
};

/**
 * Asks the holder of a run and waits until `done` answers something. A request that nobody took in
 * time is withdrawn: whoever was told that it failed must not see it obeyed later.
 *
 * @throws RolloutError (exit 7) where the holder did not obey.
 */
const askAndWait = async <T>(
  context: CommandContext,
  environment: Environment,
  run: string,
  kind: InboxRequest['kind'],
  reason: string,
  done: () => Promise<T | null>,
): Promise<T> => {
  const request = await ask(context, environment, run, kind, reason);
  const obeyed = await waitFor(context, done);
  if (obeyed !== null) return obeyed;
  const isTaken = !existsSync(request);
  await rm(request, { force: true });
  const late = isTaken ? await waitFor(context, done) : null;
  if (late !== null) return late;
  throw new RolloutError(
    'not-obeyed',
    exitCodes.busy,
    `the watch of ${run} did not answer within ${obeyBudgetMs / 1000} s; ${isTaken ? 'it took the request, and status shows what comes of it' : 'the request was withdrawn'}`,
  );
};

const openRun = async (environment: Environment): Promise<RunState> => {
  const newest = newestChange(await listRuns(environment.layout, environment.config.env));
  if (newest !== null && !newest.state.closed) return newest.state;
  throw new RolloutError(
    'no-open-run',
    exitCodes.usage,
    `${environment.config.env} has no open run${newest === null ? '' : `; the newest, ${newest.state.run}, is ${newest.state.status}`}`,
  );
};

/** Takes the open run as good: through its watch where one runs, else on its record directly. */
export const askOrPromote = async (
  context: CommandContext,
  environment: Environment,
  reason: string,
): Promise<CommandResult> => {
  const state = await openRun(environment);
  if (!promotable.includes(state.status))
    throw new RolloutError('not-promotable', exitCodes.busy, `run ${state.run} is ${state.status}`);
  const { lockFile } = environment.target({
    runId: state.run,
    version: state.version,
    previous: state.previous,
  });
  const lock = await readLock(lockFile);
  if (lock?.alive === true) {
    if (lock.holder.run !== state.run) throw busy(environment.config.env, lock.holder);
    const closed = await askAndWait(
      context,
      environment,
      state.run,
      'promote',
      reason,
      async () => {
        const now = await readRun(environment.layout, state.run);
        return now?.state.closed === true ? now.state : null;
      },
    );
    if (closed.status !== 'promoted')
      throw new RolloutError(
        'not-promotable',
        exitCodes.busy,
        `run ${state.run} came to its own end first: it is ${closed.status}`,
      );
  } else {
    await holding(
      context,
      { lockFile, command: 'promote', env: environment.config.env, run: state.run },
      () => closeOver(context, environment, state.run, 'promoted', reason),
    );
  }
  context.output.line(
    `run ${state.run}: release ${state.version ?? '?'} is promoted by hand: ${reason}`,
  );
  return { exit: exitCodes.done, run: state.run };
};

/** Stops a running watch; its run stays open and resumable. */
export const askToPause = async (
  context: CommandContext,
  environment: Environment,
  reason: string,
): Promise<CommandResult> => {
  const { lockFile } = environment.target({ runId: 'pause', version: null, previous: null });
  const lock = await readLock(lockFile);
  const run = lock?.holder.run;
  const watched = run === undefined ? null : await readRun(environment.layout, run);
  if (lock?.alive !== true || run === undefined || watched?.state.status !== 'watching')
    throw new RolloutError(
      'no-watch',
      exitCodes.usage,
      `no watch of ${environment.config.env} is running`,
    );
  await askAndWait(context, environment, run, 'pause', reason, async () => {
    const now = await readLock(lockFile);
    return now?.alive === true && now.holder.instance === lock.holder.instance ? null : true;
  });
  context.output.line(
    `the watch of ${run} has stopped; ${commandHint(context, `monitor --env ${environment.config.env} --resume`)} goes on`,
  );
  return { exit: exitCodes.done, run };
};
