import { existsSync } from 'node:fs';
import { readSampleLog } from '@dhash/monitor';
import { replay, type WatchPolicy } from '@dhash/quality-gates';
import { exitCodes, RolloutError } from '../../errors.ts';
import { activationOf, recordedBaseline } from '../../guard/recorded-samples.ts';
import { writeWatchReport } from '../../guard/watch-report.ts';
import type { CommandContext, CommandResult } from '../../operate/context.ts';
import { openEnvironment } from '../../operate/environment.ts';
import { listRuns, type RecordedRun } from '../../record/runs.ts';
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

/** The policy as it was when the watch began: it went on the record whole. */
const recordedPolicy = ({ events }: RecordedRun): WatchPolicy | null => {
  const started = events.findLast(({ type }) => type === 'watch.started');
  const policy = started?.['policy'];
  // Written by this tool from a WatchPolicy.
  return typeof policy === 'object' && policy !== null ? (policy as unknown as WatchPolicy) : null;
};

const writeReport = async (context: CommandContext, flags: ReportFlags): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const { layout, config } = environment;
  const runs = await listRuns(layout, config.env);
  const chosen = runs.find(({ state }) =>
    flags.run === undefined ? state.watch !== null : state.run === flags.run,
  );
  const policy = chosen === undefined ? null : recordedPolicy(chosen);
  const watch = chosen?.state.watch;
  if (
    chosen === undefined ||
    policy === null ||
    watch == null ||
    !existsSync(layout.run(chosen.state.run).samples)
  )
    throw new RolloutError(
      'nothing-watched',
      exitCodes.usage,
      flags.run === undefined
        ? `no run of ${config.env} was watched yet`
        : `run ${flags.run} was not watched`,
      { hints: ['npx dhash-rollout history lists the runs'] },
    );
  const files = layout.run(chosen.state.run);
  const { samples } = await readSampleLog(files.samples);
  const baseline = await recordedBaseline(files.baseline);
  const activation = activationOf(chosen.events);
  const { history, ...assessment } = replay(policy, samples, {
    startedAt: watch.startedAt,
    ...(baseline === undefined ? {} : { baseline }),
    ...(activation === undefined ? {} : { activation }),
  });
  await writeWatchReport(
    environment,
    { run: chosen.state.run, head: chosen.state.head },
    {
      policy,
      startedAt: watch.startedAt,
      endedAt: assessment.at,
      version: chosen.state.version,
      baseline,
      activation,
      outcome: {
        decision: assessment.decision === 'continue' ? 'interrupted' : assessment.decision,
        assessment,
        samples: history.length,
      },
    },
  );
  const file = environment.shown(layout.run(chosen.state.run).report);
  context.output.line(file);
  return { exit: exitCodes.done, run: chosen.state.run, fields: { report: file } };
};
