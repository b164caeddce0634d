import { Option } from 'commander';
import { exitCodes, RolloutError } from '../../errors.ts';
import type { CommandContext, CommandResult } from '../../operate/context.ts';
import { openEnvironment } from '../../operate/environment.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { BackupFlags } from './backup/flags.ts';
import { listOf } from './backup/list.ts';
import { prune } from './backup/prune.ts';
import { take } from './backup/take.ts';
import { verifyFile } from './backup/verify.ts';

export const registerBackup: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('backup')
      .description('back an environment up, or verify, list and prune its backups')
      .option('--env <name>', 'environment of rollout.yaml (not needed with --verify)')
      .option('--tag <tag>', 'a word in the file name: [a-z0-9][a-z0-9._-]{0,40}')
      .addOption(
        new Option(
          '--verify <file>',
          'check one backup: sidecar, every CRC, every SHA-256',
        ).conflicts(['list', 'prune', 'tag', 'dryRun']),
      )
      .addOption(new Option('--list', 'list the backups').conflicts(['prune', 'tag', 'dryRun']))
      .option('--prune', 'remove what backup.keep does not keep')
      .option('--dry-run', 'read and pack everything, or plan the prune, and write nothing'),
  ).action((flags: BackupFlags) =>
    run('backup', flags, (context) => runBackupCommand(context, flags)),
  );
};

const runBackupCommand = async (
  context: CommandContext,
  flags: BackupFlags,
): Promise<CommandResult> => {
  if (flags.verify !== undefined) return verifyFile(context, flags.verify);
  if (flags.env === undefined)
    throw new RolloutError('env-missing', exitCodes.usage, '--env is missing: which environment?', {
      hints: ['for example: ./scripts/backup_dhash.sh --env production'],
    });
  const environment = await openEnvironment(context, flags.env);
  if (flags.list === true) return listOf(context, environment);
  if (flags.prune === true) return prune(context, environment, flags.dryRun === true);
  return take(context, environment, flags);
};
