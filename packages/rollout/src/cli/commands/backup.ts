import { isCopyAddress } from '@dhash/backup-core';
import { Option } from 'commander';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import { acceptShrunken } from './backup/accept-shrink.ts';
import { copyFileElsewhere } from './backup/copy.ts';
import { drillFile } from './backup/drill.ts';
import type { BackupFlags } from './backup/flags.ts';
import { printLatest } from './backup/latest.ts';
import { listOf } from './backup/list.ts';
import { prune } from './backup/prune.ts';
import { showFile } from './backup/show.ts';
import { take } from './backup/take.ts';
import { verifyFile } from './backup/verify.ts';

export const registerBackup: Register = (command, run) => {
  withGlobalOptions(
    command
      .option('--env <name>', 'environment of rollout.yaml (not needed where a FILE is named)')
      .option('--tag <tag>', 'a word in the file name: [a-z0-9][a-z0-9._-]{0,40}')
      .addOption(instead('--verify <file>', 'check one backup: sidecar, every CRC, every SHA-256'))
      .addOption(
        instead('--show <file>', 'what is in a backup: sources, rows, sizes, stamps, flags'),
      )
      .addOption(instead('--list', 'list the backups: when, size, entries, proven, copies, flags'))
      .addOption(instead('--latest', 'print the path of the newest complete backup, nothing else'))
      .addOption(
        instead(
          '--accept-shrink <file>',
          'it is right that this backup shrank: see backup.maxShrink',
        ),
      )
      .addOption(
        instead(
          '--drill <file>',
          'restore a backup once, for real, into a scratch folder, and start its release on it',
          ['dryRun'],
        ),
      )
      .addOption(
        instead(
          '--copy <file>',
          'bring a backup to every place of backup.copies now, after an outage',
        ),
      )
      .option('--scratch <folder>', "where --drill restores to (default: the backup's own folder)")
      .option('--reason <text>', 'why, for the record of --accept-shrink')
      .addOption(
        new Option(
          '--prune',
          'remove what backup.keep, maxBytes, minFree and keepFor do not keep',
        ).conflicts('tag'),
      )
      .option(
        '--dry-run',
        'read and pack everything, or plan the prune or the drill, and write nothing',
      ),
  ).action((flags: BackupFlags) =>
    run('backup', flags, (context) => runBackupCommand(context, flags)),
  );
};

const INSTEAD = ['verify', 'show', 'list', 'latest', 'acceptShrink', 'drill', 'copy'];

/** An option that is done instead of a backup, and goes with no other such option. */
const instead = (flags: string, description: string, goesWith: readonly string[] = []): Option => {
  const option = new Option(flags, description);
  const others = INSTEAD.filter((name) => name !== option.attributeName());
  const conflicts = [...others, 'prune', 'tag', 'dryRun'];
  return option.conflicts(conflicts.filter((name) => !goesWith.includes(name)));
};

/** Options that say more of another, which they would otherwise quietly not change. */
const BELONGS = [
  { given: 'scratch', flag: '--scratch', to: 'drill', other: '--drill FILE' },
  { given: 'reason', flag: '--reason', to: 'acceptShrink', other: '--accept-shrink FILE' },
] as const;

const refuseLone = (flags: BackupFlags): void => {
  const lone = BELONGS.find(({ given, to }) => flags[given] !== undefined && !flags[to]);
  if (lone !== undefined)
    throw new RolloutError(
      'option-alone',
      exitCodes.usage,
      `${lone.flag} says something of ${lone.other} only, which was not given; nothing was done`,
    );
};

/** What it does is written down beside the file: a copy elsewhere is no place for that. */
const refuseAddress = (flag: string, given: string): void => {
  if (isCopyAddress(given))
    throw new RolloutError(
      'address-given',
      exitCodes.usage,
      `${flag} takes a file of this machine, not the address of a copy`,
      {
        hints: [
          "rclone copy --include 'dhash_…zip*' REMOTE:path .   brings it here, with its sidecar",
        ],
      },
    );
};

const runBackupCommand = async (
  context: CommandContext,
  flags: BackupFlags,
): Promise<CommandResult> => {
  refuseLone(flags);
  if (flags.verify !== undefined)
    return verifyFile(context, { given: flags.verify, env: flags.env });
  if (flags.show !== undefined) return showFile(context, { given: flags.show, env: flags.env });
  if (flags.drill !== undefined) return drillFile(context, flags.drill, flags);
  if (flags.copy !== undefined) {
    refuseAddress('--copy', flags.copy);
    return copyFileElsewhere(context, flags.copy, flags.env);
  }
  if (flags.acceptShrink !== undefined) {
    refuseAddress('--accept-shrink', flags.acceptShrink);
    return acceptShrunken(context, flags.acceptShrink, flags.reason ?? null);
  }
  if (flags.env === undefined)
    throw new RolloutError('env-missing', exitCodes.usage, '--env is missing: which environment?', {
      hints: ['for example: ./scripts/backup_dhash.sh --env production'],
    });
  const environment = await openEnvironment(context, flags.env);
  if (flags.latest === true) return printLatest(context, environment.config);
  if (flags.list === true) return listOf(context, environment);
  if (flags.prune === true) return prune(context, environment, flags.dryRun === true);
  return take(context, environment, flags);
};
