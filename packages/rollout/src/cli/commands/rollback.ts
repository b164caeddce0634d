import { resolve } from 'node:path';
import { isCopyAddress, surveyBackups } from '@dhash/backup-core';
import { Option } from 'commander';
import { withGivenBackup } from '../../backup/copies/fetch-copy.ts';
import { dropFetched, fetchToGoBack } from '../../backup/copies/fetched-folder.ts';
import { newestUsable } from '../../backup/newest-usable.ts';
import { describeProof, newestProven } from '../../backup/proven-backup.ts';
import { type CommandContext, type CommandResult, commandHint } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { surveyRuns } from '../../record/runs.ts';
import { dryRunRollback, rollbackByHand, type WayBack } from '../../rollback/by-hand.ts';
import { resumeRollback } from '../../rollback/resume.ts';
import { askedVersion } from '../../targets/asked-version.ts';
import { requireVariables } from '../../targets/run-target-command.ts';
import { type Register, withGlobalOptions, withTakeOver } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface RollbackFlags extends GlobalOptions {
  readonly env: string;
  readonly backup?: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly to?: string;
  readonly releaseOnly?: boolean;
  readonly dataOnly?: boolean;
}

export const registerRollback: Register = (command, run) => {
  withGlobalOptions(
    withTakeOver(
      command
        .requiredOption('--env <name>', 'environment of rollout.yaml')
        .option('--backup <file>', 'the backup to go back to, or the rclone:… address of a copy')
        .addOption(
          new Option(
            '--to <version>',
            'the newest backup of that release; with --release-only the release itself',
          ).conflicts('backup'),
        )
        .addOption(
          new Option('--release-only', 'put the release back, keep the data').conflicts([
            'backup',
            'dataOnly',
          ]),
        )
        .option('--data-only', 'put the data back, keep the release that runs')
        .option('--reason <text>', 'why, for the record')
        .option('--dry-run', 'verify the backup, show the plan, change nothing')
        .addOption(
          new Option('--resume', 'go on with a rollback that was cut off').conflicts([
            'backup',
            'dryRun',
            'to',
            'releaseOnly',
            'dataOnly',
          ]),
        ),
    ),
  ).action((flags: RollbackFlags) =>
    run('rollback', flags, (context) => runRollbackCommand(context, flags)),
  );
};

/** Which backup is a person's choice; a proven one is named first. */
const backupMissing = async (
  context: CommandContext,
  { config, shownFrom }: Environment,
  nowMs: number,
): Promise<RolloutError> => {
  const proven = await newestProven(config);
  const newest = await newestUsable(config, nowMs);
  const command = (file: string) =>
    commandHint(
      context,
      `rollback --env ${config.env} --backup ${shownFrom(context.cwd, file)} --dry-run`,
    );
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
        `${commandHint(context, `backup --env ${config.env} --list`)}   shows them all`,
      ],
    },
  );
};

const runRollbackCommand = async (
  context: CommandContext,
  flags: RollbackFlags,
): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  requireVariables(environment.config);
  if (flags.resume === true) return resumeRollback(context, environment);
  const reason = flags.reason ?? 'asked for by hand';
  if (flags.releaseOnly === true) {
    const to = await releaseToGoBackTo(context, environment, flags.to);
    const wayBack: WayBack = { kind: 'release', to };
    return flags.dryRun === true
      ? dryRunRollback(context, environment, wayBack)
      : rollbackByHand(context, environment, wayBack, reason);
  }
  const given = flags.backup ?? (await backupOf(context, environment, flags.to));
  if (given === undefined || given === '')
    throw await backupMissing(context, environment, context.clock.now());
  const release = flags.dataOnly === true ? 'stay' : 'stamped';
  const wayBackTo = (file: string): WayBack => ({ kind: 'backup', file, release });
  if (flags.dryRun === true)
    return withGivenBackup(context, { given, env: flags.env }, (file) =>
      dryRunRollback(context, environment, wayBackTo(file)),
    );
  if (!isCopyAddress(given))
    return rollbackByHand(context, environment, wayBackTo(resolve(context.cwd, given)), reason);
  const fetched = await fetchToGoBack(context, environment, given);
  try {
    return await rollbackByHand(context, environment, wayBackTo(fetched), reason);
  } finally {
    await dropFetched(context, environment, fetched);
  }
};

/** `--to VERSION`: the newest backup that can be relied on and was taken of that release. */
const backupOf = async (
  context: CommandContext,
  { config }: Environment,
  version: string | undefined,
): Promise<string | undefined> => {
  if (version === undefined) return undefined;
  const { service, env, backup } = config;
  const all = await surveyBackups(backup.dir, { service, env, maxShrink: backup.maxShrink });
  const found = all.find(
    ({ unusable, summary }) => unusable === null && summary?.release === version,
  );
  if (found !== undefined) return found.file;
  throw new RolloutError(
    'no-such-backup',
    exitCodes.usage,
    `no backup of release ${version} in ${backup.dir} can be relied on`,
    {
      hints: [
        `${commandHint(context, `rollback --env ${env} --release-only --to ${version}`)}   puts the release back and keeps the data`,
        `${commandHint(context, `backup --env ${env} --list`)}   shows what there is`,
      ],
    },
  );
};

/** `--release-only` without `--to`: the release that ran before the newest deploy. */
const releaseToGoBackTo = async (
  context: CommandContext,
  { config, layout }: Environment,
  version: string | undefined,
): Promise<string> => {
  if (version !== undefined) return askedVersion(version);
  const { runs } = await surveyRuns(layout, config.env);
  const previous = runs.find(({ state }) => state.kind === 'deploy')?.state.previous ?? null;
  if (previous !== null) return previous;
  throw new RolloutError(
    'nothing-to-go-back-to',
    exitCodes.usage,
    `the record names no release that ran in ${config.env} before: which one?`,
    {
      hints: [commandHint(context, `rollback --env ${config.env} --release-only --to VERSION`)],
    },
  );
};
