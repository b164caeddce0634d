import { listBackups } from '@dhash/backup-core';
import { exitCodes } from '../../../errors.ts';
import type { CommandContext, CommandResult } from '../../../operate/context.ts';
import type { Environment } from '../../../operate/environment.ts';
import { formatBytes, formatTable } from '../../format.ts';

/** `backup --list` */
export const listOf = async (
  context: CommandContext,
  { config, shown }: Environment,
): Promise<CommandResult> => {
  const backups = await listBackups(config.backup.dir);
  const mine = backups.filter(({ env }) => env === config.env);
  if (mine.length === 0)
    context.output.line(`no backup of ${config.env} in ${shown(config.backup.dir)}`);
  else {
    const rows = mine.map((backup) => [
      new Date(backup.at).toISOString().slice(0, 19).replace('T', ' '),
      backup.env,
      backup.tag ?? '-',
      formatBytes(backup.bytes),
      backup.hasSidecar ? 'yes' : 'NO SIDECAR',
      shown(backup.file),
    ]);
    for (const line of formatTable([
      ['when (UTC)', 'env', 'tag', 'size', 'sidecar', 'file'],
      ...rows,
    ]))
      context.output.line(line);
  }
  return { exit: exitCodes.done, fields: { backups: mine } };
};
