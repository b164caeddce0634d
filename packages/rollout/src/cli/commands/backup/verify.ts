import { checkDumps, isCopyAddress, verifyBackup } from '@dhash/backup-core';
import { type GivenBackup, withGivenBackup } from '../../../backup/copies/fetch-copy.ts';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import { exitCodes } from '../../../errors.ts';
import { formatBytes, formatDuration } from '../../../words/format.ts';
import { showProgress } from '../../../words/progress.ts';
import { requireOfEnv } from './require-own.ts';

/** `backup --verify FILE`, or the address of a copy: that is fetched, and its sidecar with it. */
export const verifyFile = (context: CommandContext, backup: GivenBackup): Promise<CommandResult> =>
  withGivenBackup(context, backup, (file) => verified(context, backup, file));

const verified = async (
  context: CommandContext,
  backup: GivenBackup,
  file: string,
): Promise<CommandResult> => {
  const { given } = backup;
  const startedMs = context.clock.now();
  const progress = showProgress(context);
  const { manifest, sha256, entries, bytes } = await verifyBackup(file, {
    signal: context.signal,
    onProgress: progress.show,
  }).finally(progress.end);
  const ms = context.clock.now() - startedMs;
  requireOfEnv(manifest, backup);
  context.output.line(
    `${given}: OK, ${entries} entries, ${formatBytes(bytes)}, sidecar, every CRC and SHA-256 checked in ${formatDuration(ms)}`,
  );
  const dumps = await checkDumps(file, manifest, { signal: context.signal });
  if (dumps.read.length > 0)
    context.output.line(`the dump of ${dumps.read.join(', ')} was read to its end by pg_restore`);
  if (dumps.unread.length > 0)
    context.output.line(
      `the dump of ${dumps.unread.join(', ')} was not read by pg_restore, which is not installed here: its bytes are those that passed it when the backup was made`,
    );
  context.output.line(
    `of ${manifest.service} ${manifest.env}, release ${manifest.release ?? '(none)'}`,
  );
  const named = isCopyAddress(given) ? given : file;
  return { exit: exitCodes.done, fields: { file: named, sha256, entries, bytes, dumps } };
};
