import { resolve } from 'node:path';
import { isCopyAddress, readManifest, restorePart } from '@dhash/backup-core';
import { withGivenBackup } from '../../backup/copies/fetch-copy.ts';
import { requireOutsideLiveData } from '../../backup/outside-live-data.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { formatBytes } from '../../words/format.ts';
import { showProgress } from '../../words/progress.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';
import { latestBackup } from './backup/latest.ts';
import { requireOfEnv } from './backup/require-own.ts';

interface RestoreFlags extends GlobalOptions {
  readonly only: string;
  readonly to: string;
  readonly backup?: string;
  readonly env?: string;
}

export const registerRestore: Register = (command, run) => {
  withGlobalOptions(
    command
      .requiredOption('--only <what>', 'SOURCE, or SOURCE/path: images, images/cards, images/1.jpg')
      .requiredOption('--to <folder>', 'folder that gets it; must not hold it already')
      .option(
        '--backup <file>',
        'the backup, or the rclone:… address of a copy (default: the latest of --env)',
      )
      .option('--env <name>', 'environment of rollout.yaml, where no --backup is named'),
  ).action((flags: RestoreFlags) =>
    run('restore', flags, (context) => runRestoreCommand(context, flags)),
  );
};

const givenBackup = async (context: CommandContext, flags: RestoreFlags): Promise<string> => {
  if (flags.backup !== undefined) return flags.backup;
  if (flags.env === undefined)
    throw new RolloutError(
      'backup-missing',
      exitCodes.usage,
      'which backup? Name it with --backup FILE, or an environment with --env, for its latest',
    );
  const { config } = await openEnvironment(context, flags.env);
  return (await latestBackup(config, context.clock.now())).file;
};

const runRestoreCommand = async (
  context: CommandContext,
  flags: RestoreFlags,
): Promise<CommandResult> => {
  const given = await givenBackup(context, flags);
  return withGivenBackup(context, { given, env: flags.env }, (file) =>
    restoreFrom(context, flags, file, isCopyAddress(given) ? given : file),
  );
};

const restoreFrom = async (
  context: CommandContext,
  flags: RestoreFlags,
  file: string,
  named: string,
): Promise<CommandResult> => {
  if (flags.env !== undefined)
    requireOfEnv(await readManifest(file), { given: named, env: flags.env });
  const to = resolve(context.cwd, flags.to);
  await requireOutsideLiveData(context, { to, given: `--to ${flags.to}` });
  const progress = showProgress(context);
  const restored = await restorePart(file, {
    only: flags.only,
    to,
    signal: context.signal,
    onProgress: progress.show,
  }).finally(progress.end);
  const { manifest, path, files, bytes } = restored;
  context.output.line(
    `${path}: ${files} file${files === 1 ? '' : 's'}, ${formatBytes(bytes)}, every SHA-256 checked`,
  );
  context.output.line(
    `of ${named} (${manifest.service} ${manifest.env}, ${manifest.createdAt}, release ${manifest.release ?? '(none)'})`,
  );
  return {
    exit: exitCodes.done,
    fields: { path, backup: named, files, bytes, release: manifest.release },
  };
};
