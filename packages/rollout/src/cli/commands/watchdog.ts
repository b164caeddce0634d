import { openEnvironment } from '../../environment/environment.ts';
import { watchdog } from '../../guard/watchdog.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface WatchdogFlags extends GlobalOptions {
  readonly env: string;
  readonly takeOver?: boolean;
}

export const registerWatchdog: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--env <name>', 'environment of rollout.yaml')
      .option('--take-over', 'go on with a watch whose process is gone'),
  ).action(({ takeOver = false, ...flags }: WatchdogFlags) =>
    // Taking a watch on is no taking of a lock from somebody: it needs no reason.
    run('watchdog', flags, async (context) =>
      watchdog(context, await openEnvironment(context, flags.env), { takeOver }),
    ),
  );
};
