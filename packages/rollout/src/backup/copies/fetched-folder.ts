import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { copyAddress, listBackups } from '@dhash/backup-core';
import type { EnvironmentConfig } from '../../config/types.ts';
import type { CommandContext } from '../../environment/context.ts';
import type { Environment } from '../../environment/environment.ts';
import { messageOf } from '../../errors.ts';
import type { Layout } from '../../record/layout.ts';
import { surveyRuns } from '../../record/runs.ts';
import { referredTo } from '../retention/references.ts';
import { withFetchedCopy } from './fetch-copy.ts';

const SIDECAR = '.sha256';
/** Between its fetch and the first line of its run no record names a copy: one this young may be in use. */
const UNNAMED_MS = 24 * 60 * 60 * 1000;

/** As much of an environment as tells where its fetched copies lie and who needs them. */
interface Place {
  readonly config: Pick<EnvironmentConfig, 'backup' | 'env'>;
  readonly layout: Layout;
}

const folderIn = ({ backup }: Place['config']): string => join(backup.dir, 'fetched');

/** Whether an open run may still need a backup of this name. A record that can't be read might name it. */
const isNeeded = async (layout: Layout, env: string, name: string): Promise<boolean> => {
  const { runs, broken } = await surveyRuns(layout, env);
  return broken.length > 0 || (await referredTo(layout, runs, [])).has(name);
};

/**
 * Fetches a copy for a rollback to go back to. It lies in `fetched/` under the backups' folder as long as the run
 * is open, so that `--resume` finds it; not verified yet.
 *
 * @returns its path
 * @throws BackupError `bad-option`, `copy-failed`; CommandError where rclone is missing
 */
export const fetchToGoBack = async (
  context: CommandContext,
  { config, layout, shown }: Environment,
  address: string,
): Promise<string> => {
  const { name } = copyAddress(address);
  const file = join(folderIn(config), name);
  if (existsSync(file) && (await isNeeded(layout, config.env, name))) {
    context.output.line(`fetched before, by a run that is open: ${shown(file)}`);
    return file;
  }
  await withFetchedCopy(context, config, address, async (fetched) => {
    await mkdir(folderIn(config), { recursive: true, mode: 0o700 });
    // As with every backup: who sees the zip sees its sidecar.
    await rename(fetched + SIDECAR, file + SIDECAR);
    await rename(fetched, file);
  });
  return file;
};

/**
 * Removes a backup that was fetched to go back to, unless an open run names it. Any other file is left alone. That
 * it could not be removed is said, and is no fault of the rollback.
 */
export const dropFetched = async (
  { output }: Pick<CommandContext, 'output'>,
  environment: Place,
  file: string,
): Promise<void> => {
  try {
    await removeUnneeded(environment, file);
  } catch (error) {
    output.warn(`${file} was fetched and can be removed, but: ${messageOf(error)}`);
  }
};

const removeUnneeded = async ({ config, layout }: Place, file: string): Promise<boolean> => {
  if (dirname(file) !== folderIn(config)) return false;
  if (await isNeeded(layout, config.env, basename(file))) return false;
  await rm(file, { force: true });
  await rm(file + SIDECAR, { force: true });
  return true;
};

/** Removes what rollbacks that were killed, or whose run was closed by another command, left. Returns the names. */
export const sweepFetched = async (environment: Place, nowMs: number): Promise<string[]> => {
  const { config } = environment;
  const gone: string[] = [];
  for (const { file, name, env } of await listBackups(folderIn(config))) {
    // Not mtime: rclone gives a file the time it has at the remote.
    const isYoung = nowMs - (await stat(file)).ctimeMs < UNNAMED_MS;
    if (env !== config.env || isYoung) continue;
    if (await removeUnneeded(environment, file)) gone.push(name);
  }
  return gone;
};
