import { resolve } from 'node:path';
import { isCopyAddress } from '@dhash/backup-core';
import { Option } from 'commander';
import { withGivenBackup } from '../../backup/copies/fetch-copy.ts';
import { dropFetched, fetchToGoBack } from '../../backup/copies/fetched-folder.ts';
import { describeProof, newestProven } from '../../backup/proven-backup.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { dryRunRollback, resumeRollback, rollbackByHand } from '../../rollback/by-hand.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { newestUsable } from './backup/latest.ts';

interface RollbackFlags extends GlobalOptions {
  readonly env: string;
  readonly backup?: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
}

export const registerRollback: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('rollback')
      .description('put data and release back from a backup, verified at every step')
      .requiredOption('--env <name>', 'environment of rollout.yaml')
      .option('--backup <file>', 'the backup to go back to, or the rclone:… address of a copy')
      .option('--reason <text>', 'why, for the record')
      .option('--dry-run', 'verify the backup, show the plan, change nothing')
      .addOption(
        new Option('--resume', 'go on with a rollback that was cut off').conflicts([
          'backup',
          'dryRun',
        ]),
      ),
  ).action((flags: RollbackFlags) =>
    run('rollback', flags, (context) => runRollbackCommand(context, flags)),
  );
};

/** Which backup is a person's choice; a proven one is named first. */
const backupMissing = async (
  { config, shown }: Environment,
  nowMs: number,
): Promise<RolloutError> => {
  const proven = await newestProven(config);
  const newest = await newestUsable(config, nowMs);
  const command = (file: string) =>
    `npx dhash-rollout rollback --env ${config.env} --backup ${shown(file)} --dry-run`;
  return new RolloutError(
    'backup-missing',
    exitCodes.usage,
    '--backup FILE is missing: which backup?',
    {
      hints: [
        ...(proven === null ? [] : [`${command(proven.file)}   ${describeProof(proven.proof)}`]),
        ...(newest === null || newest.file === proven?.file
          ? []
          : [`${command(newest.file)}   the newest, never drilled`]),
        `npx dhash-rollout backup --env ${config.env} --list   shows them all`,
      ],
    },
  );
};

const runRollbackCommand = async (
  context: CommandContext,
  flags: RollbackFlags,
): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  if (flags.resume === true) return resumeRollback(context, environment);
  if (flags.backup === undefined || flags.backup === '')
    throw await backupMissing(environment, context.clock.now());
  const given = flags.backup;
  if (flags.dryRun === true)
    return withGivenBackup(context, { given, env: flags.env }, (file) =>
      dryRunRollback(context, environment, file),
    );
  const reason = flags.reason ?? 'asked for by hand';
  if (!isCopyAddress(given))
    return rollbackByHand(context, environment, resolve(context.cwd, given), reason);
  const fetched = await fetchToGoBack(context, environment, given);
  try {
    return await rollbackByHand(context, environment, fetched, reason);
  } finally {
    await dropFetched(context, environment, fetched);
  }
};
