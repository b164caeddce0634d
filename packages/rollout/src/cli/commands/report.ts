import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { writeWatchReport } from '../../pages/watch-report.ts';
import { listRuns } from '../../record/runs.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface ReportFlags extends GlobalOptions {
  readonly env: string;
  readonly run?: string;
}

export const registerReport: Register = (command, run) => {
  withGlobalOptions(
    command
      .option('--env <name>', 'environment of rollout.yaml', 'production')
      .option('--run <run>', 'run id (default: the newest that was watched)'),
  ).action((flags: ReportFlags) => run('report', flags, (context) => writeReport(context, flags)));
};

const writeReport = async (context: CommandContext, flags: ReportFlags): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const { layout, config } = environment;
  const runs = await listRuns(layout, config.env);
  const chosen = runs.find(({ state }) =>
    flags.run === undefined ? state.watch !== null : state.run === flags.run,
  );
  const { state, events } = chosen ?? {};
  const isWritten =
    state !== undefined &&
    events !== undefined &&
    (await writeWatchReport(environment, { run: state.run, head: state.head, events }));
  if (state === undefined || !isWritten)
    throw new RolloutError(
      'nothing-watched',
      exitCodes.usage,
      flags.run === undefined
        ? `no run of ${config.env} was watched yet`
        : `run ${flags.run} was not watched`,
      { hints: ['npx dhash-rollout history lists the runs'] },
    );
  const file = environment.shown(layout.run(state.run).report);
  context.output.line(file);
  return { exit: exitCodes.done, run: state.run, fields: { report: file } };
};
