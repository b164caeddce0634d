import { isAbsolute, relative } from 'node:path';
import { describeShrink, type SurveyedBackup, surveyBackups } from '@dhash/backup-core';
import type { EnvironmentConfig } from '../../../config/types.ts';
import { exitCodes, RolloutError } from '../../../errors.ts';
import type { CommandContext, CommandResult } from '../../../operate/context.ts';

const FUTURE_MS = 24 * 60 * 60 * 1000;

/**
 * The newest complete backup of an environment: with its sidecar, of this service, not from the future.
 *
 * @throws RolloutError (exit 1) where there is none
 */
export const latestBackup = async (
  { service, env, backup }: Pick<EnvironmentConfig, 'service' | 'env' | 'backup'>,
  nowMs: number,
): Promise<SurveyedBackup> => {
  const { dir, maxShrink } = backup;
  const all = await surveyBackups(dir, { service, env, maxShrink });
  const latest = all.find(({ unusable, at }) => unusable === null && at <= nowMs + FUTURE_MS);
  if (latest !== undefined) return latest;
  throw new RolloutError(
    'no-backup',
    exitCodes.failed,
    `there is no backup of ${env} in ${dir} that could be relied on`,
    { hints: [`backup --env ${env} --list   shows what is there`] },
  );
};

/** `backup --latest`: its path on stdout and nothing else, for `$(…)`; a flag of it goes to stderr. */
export const printLatest = async (
  context: CommandContext,
  config: EnvironmentConfig,
): Promise<CommandResult> => {
  const latest = await latestBackup(config, context.clock.now());
  const fromHere = relative(context.cwd, latest.file);
  const path = fromHere.startsWith('..') || isAbsolute(fromHere) ? latest.file : fromHere;
  context.output.line(path);
  if (latest.shrunken.length > 0)
    context.output.aside(
      `warning: it shrank against the one before (${latest.shrunken.map(describeShrink).join('; ')}); --list shows the older ones`,
    );
  return {
    exit: exitCodes.done,
    fields: { file: latest.file, name: latest.name, shrunken: latest.shrunken },
  };
};
