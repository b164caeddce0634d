import { Option } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { type ServedFlags, withServed } from '../../dashboard/run-dashboard.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { monitor, showWatch } from '../../guard/monitor.ts';
import type { Extension } from '../../guard/watch-window.ts';
import { requireVariables } from '../../targets/run-target-command.ts';
import { type Register, withGlobalOptions, withTakeOver } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface MonitorFlags extends GlobalOptions, ServedFlags {
  readonly env: string;
  readonly resume?: boolean;
  readonly extend?: string;
  readonly reason?: string;
  /** False with `--no-auto-rollback`. */
  readonly autoRollback: boolean;
  readonly dryRun?: boolean;
}

export const registerMonitor: Register = (command, run) => {
  withGlobalOptions(
    withTakeOver(
      command
        .requiredOption('--env <name>', 'environment of rollout.yaml')
        .option('--resume', 'go on with a watch that was cut off')
        .addOption(
          new Option(
            '--extend <duration>',
            'watch an inconclusive run for that much longer, e.g. 30m (needs --reason)',
          ).conflicts(['resume']),
        )
        .option('--reason <text>', 'why, for the record')
        .option('--no-auto-rollback', 'on a broken gate alert only (exit 5)')
        .option('--dashboard', 'a live page of it beside the watch, on 127.0.0.1')
        .option('--port <number>', 'where the dashboard listens (default: 7317)')
        .option('--metrics-port <number>', 'the state of the watch for Prometheus, on 127.0.0.1')
        .option('--dry-run', 'say what would be watched, take one sample, write nothing'),
    ),
  ).action((flags: MonitorFlags) =>
    run('monitor', flags, (context) => runMonitorCommand(context, flags)),
  );
};

const extensionOf = ({ extend, reason }: MonitorFlags): Extension | null => {
  if (extend === undefined) return null;
  const byMs = parseDuration(extend);
  if (byMs === null || byMs <= 0)
    throw new RolloutError(
      'bad-duration',
      exitCodes.usage,
      `--extend ${extend}: expected a duration with its unit, such as 30m or 1h`,
    );
  if (reason === undefined || reason.trim() === '')
    throw new RolloutError(
      'reason-missing',
      exitCodes.usage,
      '--extend needs --reason "…": it goes on the record',
    );
  return { byMs, reason };
};

const runMonitorCommand = async (
  context: CommandContext,
  flags: MonitorFlags,
): Promise<CommandResult> => {
  const asked = {
    resume: flags.resume === true,
    extend: extensionOf(flags),
    autoRollback: flags.autoRollback,
  };
  const environment = await openEnvironment(context, flags.env);
  requireVariables(environment.config);
  if (flags.dryRun === true) return showWatch(context, environment, asked);
  return withServed(context, flags.env, flags, () => monitor(context, environment, asked));
};
