import { openEnvironment } from '../../environment/environment.ts';
import { freeze, unfreeze } from '../../freeze/freeze.ts';
import { type Register, requiredReason, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface FreezeFlags extends GlobalOptions {
  readonly env: string;
  readonly until: string;
  readonly reason?: string;
}

export const registerFreeze: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--env <name>', 'environment of rollout.yaml')
      .requiredOption('--until <time>', 'a duration (4h) or a time with its zone')
      .option('--reason <text>', 'why, for the record and for whoever is held back'),
  ).action((flags: FreezeFlags) =>
    run('freeze', flags, async (context) => {
      const reason = requiredReason(flags);
      return freeze(context, await openEnvironment(context, flags.env), {
        until: flags.until,
        reason,
      });
    }),
  );
};

export const registerUnfreeze: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--env <name>', 'environment of rollout.yaml')
      .option('--reason <text>', 'why, for the record'),
  ).action((flags: Omit<FreezeFlags, 'until'>) =>
    run('unfreeze', flags, async (context) => {
      const reason = requiredReason(flags);
      return unfreeze(context, await openEnvironment(context, flags.env), reason);
    }),
  );
};
