import { resolve } from 'node:path';
import { verifyBackup } from '@dhash/backup-core';
import { copiesOf, copyElsewhere } from '../../../backup/copies/copy-elsewhere.ts';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import { openEnvironment } from '../../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../../errors.ts';
import { requireOwn } from './require-own.ts';

/**
 * `backup --copy FILE`: brings one backup to every place of `backup.copies`, now. Verified before, so that no
 * rotten one goes off the machine; a place that has it whole is left as it is.
 */
export const copyFileElsewhere = async (
  context: CommandContext,
  given: string,
  env: string | undefined,
): Promise<CommandResult> => {
  const file = resolve(context.cwd, given);
  const { manifest } = await verifyBackup(file, { signal: context.signal });
  const { config } = await openEnvironment(context, env ?? manifest.env);
  requireOwn(manifest, config, given);
  if (config.backup.copies.length === 0)
    throw new RolloutError(
      'no-copies',
      exitCodes.usage,
      `backup.copies of ${config.env} names no place to copy to`,
      { hints: ['backup: { copies: [{ to: "rclone:REMOTE:path" }] } in rollout.yaml'] },
    );
  const copies = await copyElsewhere(context, config, copiesOf(config, file));
  const failed = copies.filter(({ state }) => state === 'failed');
  return {
    exit: failed.length === 0 ? exitCodes.done : exitCodes.failed,
    fields: { file, copies },
  };
};
