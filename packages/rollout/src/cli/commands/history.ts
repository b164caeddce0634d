import { dirname } from 'node:path';
import { exitCodes } from '../../errors.ts';
import type { CommandContext, CommandResult } from '../../operate/context.ts';
import { layoutOf } from '../../record/layout.ts';
import { displayedStatus } from '../../record/run-state.ts';
import { surveyRuns } from '../../record/runs.ts';
import { formatTable } from '../format.ts';
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
  const runs = survey.runs.map(({ state }) => ({
    ...state,
    status: displayedStatus(state, false),
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
