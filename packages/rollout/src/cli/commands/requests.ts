import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { askOrPromote, askToPause } from '../../takeover/requests.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface RequestFlags extends GlobalOptions {
  readonly env: string;
  readonly now?: boolean;
  readonly reason?: string;
}

export const registerRequests: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('promote')
      .description('take the open run as good, before its watch has said so')
      .requiredOption('--env <name>', 'environment of rollout.yaml')
      .option('--now', 'yes, before the gates have decided')
      .option('--reason <text>', 'why, for the record'),
  ).action((flags: RequestFlags) => run('promote', flags, (context) => promote(context, flags)));
  withGlobalOptions(
    program
      .command('pause')
      .description('stop a running watch; `monitor --resume` goes on')
      .requiredOption('--env <name>', 'environment of rollout.yaml')
      .option('--reason <text>', 'why, for the record'),
  ).action((flags: RequestFlags) => run('pause', flags, (context) => pause(context, flags)));
};

const reasonOf = (flags: RequestFlags): string => {
  if (flags.reason !== undefined && flags.reason.trim() !== '') return flags.reason;
  throw new RolloutError(
    'reason-missing',
    exitCodes.usage,
    '--reason "…" is missing: it goes on the record',
  );
};

const promote = async (context: CommandContext, flags: RequestFlags): Promise<CommandResult> => {
  if (flags.now !== true)
    throw new RolloutError(
      'now-missing',
      exitCodes.usage,
      'promote takes a release as good before its gates have decided; say --now to mean it',
    );
  return askOrPromote(context, await openEnvironment(context, flags.env), reasonOf(flags));
};

const pause = async (context: CommandContext, flags: RequestFlags): Promise<CommandResult> =>
  askToPause(context, await openEnvironment(context, flags.env), reasonOf(flags));
