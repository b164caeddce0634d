import { existsSync } from 'node:fs';
import { readSampleLog } from '@dhash/monitor';
import { replay } from '@dhash/quality-gates';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { recordedWatch } from '../../guard/recorded-watch.ts';
import { writeWatchReport } from '../../guard/watch-report.ts';
import { listRuns } from '../../record/runs.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface ReportFlags extends GlobalOptions {
  readonly env: string;
  readonly run?: string;
}

export const registerReport: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('report')
      .description("write a run's report.html again, from its samples and its record")
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
  const files = chosen === undefined ? null : layout.run(chosen.state.run);
  const watch =
    chosen === undefined || files === null
      ? null
      : await recordedWatch(chosen.state.run, chosen.events, files.baseline);
  if (chosen === undefined || files === null || watch === null || !existsSync(files.samples))
    throw new RolloutError(
      'nothing-watched',
      exitCodes.usage,
      flags.run === undefined
        ? `no run of ${config.env} was watched yet`
        : `run ${flags.run} was not watched`,
      { hints: ['npx dhash-rollout history lists the runs'] },
    );
  const { samples } = await readSampleLog(files.samples);
  const { policy, start } = watch;
  const { history, ...assessment } = replay(policy, samples, start);
  await writeWatchReport(
    environment,
    { run: chosen.state.run, head: chosen.state.head },
    {
      policy,
      startedAt: start.startedAt,
      endedAt: assessment.at,
      version: chosen.state.version,
      baseline: start.baseline,
      activation: start.activation,
      outcome: {
        decision: assessment.decision === 'continue' ? 'interrupted' : assessment.decision,
        assessment,
        samples: history.length,
      },
    },
  );
  const file = environment.shown(files.report);
  context.output.line(file);
  return { exit: exitCodes.done, run: chosen.state.run, fields: { report: file } };
};
