import { basename, dirname } from 'node:path';
import {
  amountsOf,
  isCopyAddress,
  type Manifest,
  readManifest,
  type SurveyedBackup,
  surveyBackups,
  verifyBackup,
} from '@dhash/backup-core';
import { type GivenBackup, withGivenBackup } from '../../../backup/copies/fetch-copy.ts';
import type { CommandContext, CommandResult } from '../../../environment/context.ts';
import { exitCodes } from '../../../errors.ts';
import { formatBytes, formatDuration, formatTable } from '../../../words/format.ts';
import { flagsOf } from './list.ts';
import { requireOfEnv } from './require-own.ts';

/** The default of `backup.maxShrink`: a file is shown without its rollout.yaml. */
const MAX_SHRINK = 0.5;

/** `backup --show FILE`: what is in it, by its manifest and by what lies beside it. Its data is not checked. */
export const showFile = (context: CommandContext, backup: GivenBackup): Promise<CommandResult> =>
  withGivenBackup(context, backup, async (file) => {
    if (!isCopyAddress(backup.given)) return show(context, backup, file, file);
    // It came over a line: what was fetched is shown only where it is what was sent.
    await verifyBackup(file, { signal: context.signal });
    return show(context, backup, file, backup.given);
  });

const show = async (
  context: CommandContext,
  backup: GivenBackup,
  file: string,
  named: string,
): Promise<CommandResult> => {
  const manifest = await readManifest(file);
  requireOfEnv(manifest, backup);
  const { service, env } = manifest;
  const around = await surveyBackups(dirname(file), { service, env, maxShrink: MAX_SHRINK });
  const surveyed = around.find(({ name }) => name === basename(file)) ?? null;
  const flags = surveyed === null ? [] : flagsOf(surveyed, context.clock.now());
  for (const line of describe(manifest, surveyed, flags)) context.output.line(line);
  const { entries: _, ...facts } = manifest;
  return {
    exit: exitCodes.done,
    fields: {
      file: named,
      ...facts,
      bytes: surveyed?.bytes ?? null,
      entries: manifest.entries.length,
      amounts: amountsOf(manifest),
      flags,
      verifiedAt: surveyed?.summary?.verifiedAt ?? null,
      provenAt: surveyed?.provenAt ?? null,
      recoveryMs: surveyed?.recoveryMs ?? null,
      copies: surveyed?.copies ?? [],
    },
  };
};

const provenText = (surveyed: SurveyedBackup | null): string => {
  const { provenAt = null, recoveryMs = null } = surveyed ?? {};
  return provenAt === null || recoveryMs === null
    ? 'no restore of it is on record'
    : `${provenAt}, recovery took ${formatDuration(recoveryMs)}`;
};

/** Of a snapshot that somebody else keeps also what it is called, and who vouches for it. */
const typeCell = ({ type, reference, verified }: Manifest['sources'][number]): string =>
  reference === undefined
    ? type
    : `${type}: ${reference} (${verified === 'by its own command' ? 'verified: by its own command' : 'not verified'})`;

const describe = (
  manifest: Manifest,
  surveyed: SurveyedBackup | null,
  flags: readonly string[],
): string[] => {
  const { tool } = manifest;
  const facts: readonly (readonly [string, string])[] = [
    ['service', `${manifest.service} ${manifest.env}`],
    ['made', `${manifest.createdAt}${manifest.tag === null ? '' : `, tag ${manifest.tag}`}`],
    ['release', manifest.release ?? '(none)'],
    ['migrations', manifest.migrations.join(', ') || '(none)'],
    ['complete', manifest.complete ? 'yes' : `NO: ${manifest.incomplete.slice(0, 5).join('; ')}`],
    [
      'size',
      `${formatBytes(manifest.totalBytes)}${surveyed === null ? '' : `, ${formatBytes(surveyed.bytes)} packed`}`,
    ],
    ['made by', `${tool.name} ${tool.version}, Node ${tool.node}, zlib ${tool.zlib}, ${tool.arch}`],
    ['content root', manifest.contentRoot],
    ['verified', surveyed?.summary?.verifiedAt ?? 'not on record'],
    ['proven', provenText(surveyed)],
    ...(surveyed === null || surveyed.copies.length === 0
      ? []
      : [['copies', surveyed.copies.join(', ')] as const]),
    ...(flags.length === 0 ? [] : [['flags', flags.join('; ')] as const]),
  ];
  const types = new Map(manifest.sources.map((source) => [source.name, typeCell(source)]));
  return [
    ...formatTable(facts),
    '',
    ...formatTable([
      ['source', 'type', 'entries', 'size', 'rows'],
      ...amountsOf(manifest).map(({ name, entries, bytes, rows }) => [
        name,
        types.get(name) ?? '?',
        String(entries),
        formatBytes(bytes),
        rows === null ? '-' : String(rows),
      ]),
    ]),
    '',
    'by its manifest; --verify checks that the data is what it says',
  ];
};
