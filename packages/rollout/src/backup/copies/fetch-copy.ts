import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  copyAddress,
  fetchBackup,
  isCopyAddress,
  type Rclone,
  withScratch,
} from '@dhash/backup-core';
import type { EnvironmentConfig } from '../../config/types.ts';
import type { CommandContext } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { formatBytes } from '../../words/format.ts';
import { runRclone } from './run-rclone.ts';

/** What a person named as a backup. */
export interface GivenBackup {
  /** A path of this machine, or the address of a copy. */
  readonly given: string;
  /** Environment whose folder takes a copy that is fetched; by default the one in the copy's name. */
  readonly env?: string | undefined;
}

/**
 * Runs `use` with the file of a backup that a person named: as it is, or fetched from the address of a copy. A
 * fetched one is not verified yet; it lies in a folder of its own, which goes whatever happens.
 *
 * @throws BackupError `bad-option`, `copy-failed`; CommandError where rclone is missing
 */
export const withGivenBackup = async <T>(
  context: CommandContext,
  { given, env }: GivenBackup,
  use: (file: string) => Promise<T>,
): Promise<T> => {
  if (!isCopyAddress(given)) return use(resolve(context.cwd, given));
  const { config } = await openEnvironment(context, env ?? copyAddress(given).env);
  return withFetchedCopy(context, config, given, use);
};

/** The same for a copy alone. The folder is one of the environment's backups': where there is room for them. */
export const withFetchedCopy = async <T>(
  context: CommandContext,
  { root, backup, commands }: EnvironmentConfig,
  address: string,
  use: (file: string) => Promise<T>,
  rclone: Rclone = runRclone(root, commands.withheld),
): Promise<T> => {
  const { name } = copyAddress(address);
  await mkdir(backup.dir, { recursive: true, mode: 0o700 });
  return withScratch({ dir: backup.dir, now: context.clock.now() }, async (folder) => {
    context.output.line(`fetching ${address}`);
    const file = await fetchBackup(address, folder, {
      rclone,
      signal: context.signal,
      onUnknownSize: (freeBytes) =>
        context.output.warn(
          `the store does not say how large ${name} is; ${formatBytes(freeBytes)} are free in ${backup.dir}`,
        ),
    });
    context.output.detail(`fetched ${name}, to be removed after use: ${file}`);
    return use(file);
  });
};
