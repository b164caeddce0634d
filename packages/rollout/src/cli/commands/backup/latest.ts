import { isAbsolute, relative } from 'node:path';
import { describeShrink, type SurveyedBackup } from '@dhash/backup-core';
import { newestUsable } from '../../../backup/newest-usable.ts';
import { describeProof, newestProven } from '../../../backup/proven-backup.ts';
import type { EnvironmentConfig } from '../../../config/types.ts';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import { exitCodes, RolloutError } from '../../../errors.ts';

type Of = Pick<EnvironmentConfig, 'service' | 'env' | 'backup'>;

/** The same. @throws RolloutError (exit 1) where there is none */
export const latestBackup = async (config: Of, nowMs: number): Promise<SurveyedBackup> => {
  const latest = await newestUsable(config, nowMs);
  if (latest !== null) return latest;
  const { env } = config;
  throw new RolloutError(
    'no-backup',
    exitCodes.failed,
    `there is no backup of ${env} in ${config.backup.dir} that could be relied on`,
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
  const proven = latest.provenAt === null ? await newestProven(config) : null;
  if (proven !== null)
    context.output.aside(
      `warning: it was never drilled; the newest proven one is ${proven.file} (${describeProof(proven.proof)})`,
    );
  const { file, name, shrunken, provenAt, recoveryMs } = latest;
  return {
    exit: exitCodes.done,
    fields: { file, name, shrunken, provenAt, recoveryMs, newestProven: proven?.file ?? null },
  };
};
