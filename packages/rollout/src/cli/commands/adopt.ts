import { openEnvironment } from '../../environment/environment.ts';
import { adopt } from '../../takeover/adopt.ts';
import { askedVersion } from '../../targets/asked-version.ts';
import { type Register, withGlobalOptions, withTakeOver } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface AdoptFlags extends GlobalOptions {
  readonly env: string;
  readonly version?: string;
  readonly reason: string;
}

export const registerAdopt: Register = (command, run) => {
  withGlobalOptions(
    withTakeOver(
      command
        .requiredOption('--env <name>', 'environment of rollout.yaml')
        .option('--version <version>', 'the release that runs, where the target does not say it')
        .option('--reason <text>', 'why, for the record', 'first use of this tool'),
    ).addHelpText('after', '\nExample: dhash-rollout adopt --env production --version 2.0'),
  ).action((flags: AdoptFlags) =>
    run('adopt', flags, async (context) =>
      adopt(context, await openEnvironment(context, flags.env), {
        version: flags.version === undefined ? null : askedVersion(flags.version),
        reason: flags.reason,
      }),
    ),
  );
};
