import { type Command, Option } from 'commander';
import { type Register, withGlobalOptions } from '../register.ts';
import { type BacktestFlags, backtestGates } from './gates-backtest.ts';
import { type CheckFlags, checkGates } from './gates-check.ts';
import { type ExportFlags, exportGates, exportTargets } from './gates-export.ts';
import { type ReplayFlags, replaySamples } from './gates-replay.ts';
import { type ScorecardFlags, showScorecards } from './gates-scorecard.ts';
import { type TuneFlags, tuneGates } from './gates-tune.ts';

const withGatesFile = (command: Command): Command =>
  withGlobalOptions(command).option(
    '--gates <file>',
    'gates file (default: the one rollout.yaml names)',
  );

const environment = (): Option =>
  new Option('--env <name>', 'environment of the gates file').default('production');

const collect = (value: string, before: readonly string[]): string[] => [...before, value];

export const registerGates: Register = (program, run) => {
  const gates = program
    .command('gates')
    .description(
      'check gates, prove and tune them on recorded samples, write them for other engines',
    );
  withGatesFile(
    gates
      .command('check')
      .description('read the gates file and say in sentences what its gates do')
      .option('--env <name>', 'only this environment')
      .option('--live', 'also ask the running service what each gate reads now'),
  ).action((flags: CheckFlags) =>
    run('gates check', flags, (context) => checkGates(context, flags)),
  );
  withGatesFile(
    gates
      .command('replay')
      .description('what each gate would have decided, and when, on recorded samples')
      .requiredOption('--env <name>', 'environment of the gates file')
      .requiredOption('--samples <file>', 'a samples.ndjson')
      .option(
        '--against <file>',
        'another gates file; says which gates break earlier than under it',
      ),
  ).action((flags: ReplayFlags) =>
    run('gates replay', flags, (context) => replaySamples(context, flags)),
  );
  withGatesFile(
    gates
      .command('scorecard')
      .description(
        'false and true alarms of each gate over the deploys on record, and what can be armed',
      )
      .option('--env <name>', 'only this environment'),
  ).action((flags: ScorecardFlags) =>
    run('gates scorecard', flags, (context) => showScorecards(context, flags)),
  );
  withGatesFile(
    gates
      .command('tune')
      .description('propose thresholds from recorded runs: false alarms, misses and delays of each')
      .addOption(environment())
      .requiredOption('--good <folder>', 'every samples.ndjson below it is a good release')
      .option('--bad <folder>', 'every samples.ndjson below it is a bad release'),
  ).action((flags: TuneFlags) => run('gates tune', flags, (context) => tuneGates(context, flags)));
  withGatesFile(
    gates
      .command('export')
      .description('print the gates as YAML for an engine that is already there')
      .addOption(
        new Option('--to <engine>', 'alert rules, or an AnalysisTemplate')
          .choices(exportTargets)
          .makeOptionMandatory(),
      )
      .addOption(environment())
      .option('--selector <matchers>', 'labels of every series, e.g. job="dhash"')
      .option(
        '--health <series>',
        '1 while the service is healthy, 0 while it is not (default: up)',
      )
      .option('--address <url>', "argo: Prometheus' address (default: http://prometheus:9090)"),
  ).action((flags: ExportFlags) =>
    run('gates export', flags, (context) => exportGates(context, flags)),
  );
  withGatesFile(
    gates
      .command('backtest')
      .description('slide a watch over what a Prometheus recorded: false alarms, incidents caught')
      .requiredOption('--promql <url>', "Prometheus' address")
      .addOption(environment())
      .option('--last <duration>', 'how far back', '30d')
      .option('--step <duration>', 'between points; polls must fall on it', '30s')
      .option('--every <duration>', 'between the starts of watches', '1h')
      .option('--until <time>', 'end of the time looked at (default: now)')
      .option(
        '--incident <from/to>',
        'a time that was bad, not quiet; may be repeated',
        collect,
        [],
      )
      .option('--selector <matchers>', 'labels of every series, e.g. job="dhash"')
      .option('--health <series>', '1 while the service is healthy, 0 while it is not', 'up')
      .option('--html <file>', 'write it as one page with charts, which loads nothing'),
  ).action((flags: BacktestFlags) =>
    run('gates backtest', flags, (context) => backtestGates(context, flags)),
  );
};
