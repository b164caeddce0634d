import { basename } from 'node:path';
import { takeBackup } from '../../../backup/take-backup.ts';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import type { Environment } from '../../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../../errors.ts';
import { requireNobodyChanges } from '../../../takeover/require-nobody-changes.ts';
import { formatBytes, formatDuration } from '../../../words/format.ts';
import type { BackupFlags } from './flags.ts';

/** `backup` without a word more: takes one. */
export const take = async (
  context: CommandContext,
  environment: Environment,
  flags: BackupFlags,
): Promise<CommandResult> => {
  const { config, shown } = environment;
  if (config.data.length === 0)
    throw new RolloutError(
      'no-data',
      exitCodes.usage,
      `${config.env} declares no data to back up`,
      {
        hints: ['name it under "data" in rollout.yaml'],
      },
    );
  const target = environment.target({ runId: 'backup', version: null, previous: null });
  await requireNobodyChanges(context, environment);
  const report = await takeBackup(context, {
    config,
    release: await target.current(),
    ...(flags.tag === undefined ? {} : { tag: flags.tag }),
    sink: flags.dryRun === true ? 'null' : 'file',
  });
  const size = `${report.entries} entries, ${formatBytes(report.bytes)} in ${formatDuration(report.ms)}`;
  if (flags.dryRun === true)
    context.output.line(`dry run: everything can be read: ${size}; nothing was written`);
  else {
    context.output.line(`${shown(report.file)}: ${size}, verified`);
    context.output.line(
      `check it anywhere: sha256sum -c ${shown(report.file)}.sha256 && unzip -t ${shown(report.file)}`,
    );
  }
  return {
    exit: exitCodes.done,
    fields: {
      file: flags.dryRun === true ? null : report.file,
      name: basename(report.file),
      sha256: report.sha256,
      bytes: report.bytes,
      entries: report.entries,
      contentRoot: report.contentRoot,
      shrunken: report.shrunken,
      copies: report.copies,
      removed: report.removed,
    },
  };
};
