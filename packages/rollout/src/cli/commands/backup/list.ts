import { describeShrink, type SurveyedBackup, surveyBackups } from '@dhash/backup-core';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import type { Environment } from '../../../environment/environment.ts';
import { exitCodes } from '../../../errors.ts';
import { formatBytes, formatDuration, formatTable } from '../../../words/format.ts';

const FUTURE_MS = 24 * 60 * 60 * 1000;

/** What a person has to know before they rely on a backup. */
export const flagsOf = (backup: SurveyedBackup, nowMs: number): string[] => [
  ...(backup.unusable === null ? [] : [backup.unusable]),
  ...(backup.at > nowMs + FUTURE_MS ? ['from the future'] : []),
  ...(backup.shrunken.length === 0
    ? []
    : [`SHRANK (${backup.shrunken.map(describeShrink).join('; ')})`]),
  ...(backup.summary !== null && backup.summary.verifiedAt === null
    ? ['not verified since it was made']
    : []),
];

/** Day of its drill and the recovery time that it measured. */
const provenCell = ({ provenAt, recoveryMs }: SurveyedBackup): string =>
  provenAt === null || recoveryMs === null
    ? '-'
    : `${provenAt.slice(0, 10)} in ${formatDuration(recoveryMs)}`;

/** `backup --list`: a table, newest first. */
export const listOf = async (
  context: CommandContext,
  { config, shown }: Environment,
): Promise<CommandResult> => {
  const { service, env } = config;
  const { dir, maxShrink } = config.backup;
  const backups = await surveyBackups(dir, { service, env, maxShrink });
  const now = context.clock.now();
  const listed = backups.map((backup) => ({ ...backup, flags: flagsOf(backup, now) }));
  if (listed.length === 0) context.output.line(`no backup of ${env} in ${shown(dir)}`);
  else {
    const rows = listed.map((backup) => [
      new Date(backup.at).toISOString().slice(0, 19).replace('T', ' '),
      backup.env,
      backup.tag ?? '-',
      formatBytes(backup.bytes),
      backup.summary === null ? '?' : String(backup.summary.entries),
      provenCell(backup),
      backup.copies.length === 0 ? '-' : String(backup.copies.length),
      [shown(backup.file), ...backup.flags].join('  '),
    ]);
    for (const line of formatTable([
      ['when (UTC)', 'env', 'tag', 'size', 'entries', 'proven', 'copies', 'file'],
      ...rows,
    ]))
      context.output.line(line);
  }
  // What each source amounts to is for `--show`: a line of a thousand backups stays readable.
  const fields = listed.map(({ summary, ...backup }) => ({
    ...backup,
    entries: summary?.entries ?? null,
    release: summary?.release ?? null,
    migrations: summary?.migrations ?? null,
    verifiedAt: summary?.verifiedAt ?? null,
  }));
  return { exit: exitCodes.done, fields: { backups: fields } };
};
