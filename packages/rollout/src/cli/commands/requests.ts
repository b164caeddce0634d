import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { promoteByHand } from '../../takeover/promote.ts';
import { askToPause } from '../../takeover/requests.ts';
import { type Register, requiredReason, withGlobalOptions, withTakeOver } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface RequestFlags extends GlobalOptions {
  readonly env: string;
  readonly now?: boolean;
  readonly reason?: string;
}

export const registerPromote: Register = (command, run) => {
  withGlobalOptions(
    withTakeOver(
      command
        .requiredOption('--env <name>', 'environment of rollout.yaml')
        .option('--now', 'yes, before the gates have decided')
        .option('--reason <text>', 'why, for the record'),
    ),
  ).action((flags: RequestFlags) => run('promote', flags, (context) => promote(context, flags)));
};

export const registerPause: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--env <name>', 'environment of rollout.yaml')
      .option('--reason <text>', 'why, for the record'),
  ).action((flags: RequestFlags) => run('pause', flags, (context) => pause(context, flags)));
};

const promote = async (context: CommandContext, flags: RequestFlags): Promise<CommandResult> => {
  if (flags.now !== true)
    throw new RolloutError(
      'now-missing',
      exitCodes.usage,
      'promote takes a release as good before its gates have decided; say --now to mean it',
    );
  return promoteByHand(context, await openEnvironment(context, flags.env), requiredReason(flags));
};

const pause = async (context: CommandContext, flags: RequestFlags): Promise<CommandResult> =>
  askToPause(context, await openEnvironment(context, flags.env), requiredReason(flags));
