import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { readLock } from '@dhash/journal';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { busy } from '../environment/lock.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { elapsedMsOf } from '../process/clock.ts';
import { currentUser } from '../process/who.ts';
import { type InboxRequest, putRequest } from '../record/inbox.ts';
import type { RunState } from '../record/run-state.ts';
import { readRun } from '../record/runs.ts';
import { requireWayOut } from './require-way-out.ts';

/** Longest that a request waits for the holder to obey, ms; a holder looks every half second. */
export const obeyBudgetMs = 10_000;
const lookEveryMs = 250;

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
  const untilMs = elapsedMsOf(context.clock) + budgetMs;
  for (;;) {
    const seen = await look();
    if (seen !== null) return seen;
    if (elapsedMsOf(context.clock) >= untilMs) return null;
    await context.clock.sleep(lookEveryMs, context.signal);
  }
};

/**
 * Asks the holder of a run and waits until `done` answers something. However this ends, the request is withdrawn:
 * whoever was told that it failed, or took it back, must not see it obeyed later.
 *
 * @throws RolloutError (exit 7) where the holder did not obey; the signal's reason where the asker gave up
 */
const askAndWait = async <T>(
  context: CommandContext,
  environment: Environment,
  asked: { readonly run: string; readonly kind: InboxRequest['kind']; readonly reason: string },
  done: () => Promise<T | null>,
): Promise<T> => {
  const { run, kind, reason } = asked;
  const request = await ask(context, environment, run, kind, reason);
  try {
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
  } finally {
    await rm(request, { force: true });
  }
};

/** Asks the watch of a run to promote it. */
export const askToPromote = async (
  context: CommandContext,
  environment: Environment,
  state: RunState,
  reason: string,
): Promise<void> => {
  const closed = await askAndWait(
    context,
    environment,
    { run: state.run, kind: 'promote', reason },
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
};

/** Stops a running watch; its run stays open and resumable. */
export const askToPause = async (
  context: CommandContext,
  environment: Environment,
  reason: string,
): Promise<CommandResult> => {
  const { env } = environment.config;
  const lock = await readLock(environment.lockFile);
  const run = lock?.holder.run;
  if (lock?.alive !== true || run === undefined) {
    await requireWayOut(context, environment, 'pause');
    throw new RolloutError('no-watch', exitCodes.usage, `no watch of ${env} is running`);
  }
  // Also a watch that belongs to no deploy can be paused; its run is not the newest change.
  if ((await readRun(environment.layout, run))?.state.status !== 'watching')
    throw busy(context, env, lock.holder);
  await askAndWait(context, environment, { run, kind: 'pause', reason }, async () => {
    const now = await readLock(environment.lockFile);
    return now?.alive === true && now.holder.instance === lock.holder.instance ? null : true;
  });
  context.output.line(
    `the watch of ${run} has stopped; ${commandHint(context, `monitor --env ${env} --resume`)} goes on`,
  );
  return { exit: exitCodes.done, run };
};
