import { dirname } from 'node:path';
import { readLock } from '@dhash/journal';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, messageOf } from '../../errors.ts';
import { layoutOf } from '../../record/layout.ts';
import { displayedStatus } from '../../record/run-state.ts';
import { surveyRuns } from '../../record/runs.ts';
import { formatTable } from '../../words/format.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface HistoryFlags extends GlobalOptions {
  readonly env?: string;
}

export const registerHistory: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('history')
      .description('the runs so far, newest first, with how each ended')
      .option('--env <name>', 'only this environment'),
  ).action((flags: HistoryFlags) =>
    run('history', flags, (context) => showHistory(context, flags)),
  );
};

const showHistory = async (
  context: CommandContext,
  flags: HistoryFlags,
): Promise<CommandResult> => {
  const layout = layoutOf(dirname(context.configFile));
  const survey = await surveyRuns(layout, flags.env ?? null);
  const open = survey.runs.filter(({ state }) => !state.closed).map(({ state }) => state.env);
  const held = new Map<string, string | null>();
  for (const env of new Set(open)) held.set(env, await heldRun(context, env));
  const runs = survey.runs.map(({ state }) => ({
    ...state,
    status: displayedStatus(state, held.get(state.env) === state.run),
  }));
  if (runs.length === 0 && survey.broken.length === 0) context.output.line('no run yet');
  else {
    const rows = runs.map((state) => [
      state.openedAt.slice(0, 19).replace('T', ' '),
      state.env,
      state.kind,
      state.version ?? '-',
      state.status,
      state.run,
    ]);
    for (const line of formatTable([
      ['when (UTC)', 'env', 'kind', 'release', 'status', 'run'],
      ...rows,
      ...survey.broken.map(({ run }) => ['?', '?', '?', '?', 'broken record', run]),
    ]))
      context.output.line(line);
  }
  return { exit: exitCodes.done, fields: { runs, broken: survey.broken } };
};

/** The run that a living process of this environment works on; `null` where none does. */
const heldRun = async (context: CommandContext, env: string): Promise<string | null> => {
  try {
    const environment = await openEnvironment(context, env);
    const { lockFile } = environment.target({ runId: 'history', version: null, previous: null });
    const lock = await readLock(lockFile);
    return lock?.alive === true ? (lock.holder.run ?? null) : null;
  } catch (error) {
    // The record can be read without the configuration, and an old environment may have left it.
    context.output.warn(
      `whether a process still works on ${env} can't be told, so its open run is shown as interrupted: ${messageOf(error)}`,
    );
    return null;
  }
};
