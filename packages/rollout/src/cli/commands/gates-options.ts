import { type Command, Option } from 'commander';
import { withGlobalOptions } from '../register.ts';

/** Options of every `gates` command. */
export const withGatesFile = (command: Command): Command =>
  withGlobalOptions(command).option(
    '--gates <file>',
    'gates file (default: the one rollout.yaml names)',
  );

/** `--env` of those that need one environment. */
export const ofGatesFile = (): Option =>
  new Option('--env <name>', 'environment of the gates file').default('production');
