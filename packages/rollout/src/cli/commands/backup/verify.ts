import { resolve } from 'node:path';
import { verifyBackup } from '@dhash/backup-core';
import { exitCodes } from '../../../errors.ts';
import type { CommandContext, CommandResult } from '../../../operate/context.ts';
import { formatBytes, formatDuration } from '../../format.ts';
import { showProgress } from '../../progress.ts';

/** `backup --verify FILE` */
export const verifyFile = async (
  context: CommandContext,
  given: string,
): Promise<CommandResult> => {
  const file = resolve(context.cwd, given);
  const startedMs = context.clock.now();
  const progress = showProgress(context);
  const verified = await verifyBackup(file, {
    signal: context.signal,
    onProgress: progress.show,
  }).finally(progress.end);
  const ms = context.clock.now() - startedMs;
  context.output.line(
    `${given}: OK, ${verified.entries} entries, ${formatBytes(verified.bytes)}, sidecar, every CRC and SHA-256 checked in ${formatDuration(ms)}`,
  );
  context.output.line(
    `of ${verified.manifest.service} ${verified.manifest.env}, release ${verified.manifest.release ?? '(none)'}`,
  );
  return {
    exit: exitCodes.done,
    fields: { file, sha256: verified.sha256, entries: verified.entries, bytes: verified.bytes },
  };
};
