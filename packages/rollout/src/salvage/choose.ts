import { type Manifest, matchesGlob, type SalvageChoice } from '@dhash/backup-core';
import { exitCodes, RolloutError } from '../errors.ts';

export interface Chosen {
  /** As typed: `orders`, or `SOURCE.orders`. */
  readonly tables: readonly string[];
  /** Globs, relative to a source, or with its name before. */
  readonly files: readonly string[];
}

const isTableIn = (wanted: readonly string[], source: string, table: string): boolean =>
  wanted.includes(table) || wanted.includes(`${source}.${table}`);

/** What of a copy a person asks for. @throws BackupError `bad-option` for a glob that can't match anything */
export const chosenBy = ({ tables, files }: Chosen): SalvageChoice => {
  const matches = matchesGlob(files);
  return {
    isTable: (source, table) => isTableIn(tables, source, table),
    isFile: (source, path) => matches(path) || matches(`${source}/${path}`),
  };
};

/** @throws RolloutError (exit 2) where a table is asked for that was not set aside */
export const requireTables = (
  { sources }: Pick<Manifest, 'sources'>,
  wanted: readonly string[],
): void => {
  const known = sources.flatMap(({ name, tables = {} }) =>
    Object.keys(tables).map((table) => ({ source: name, table })),
  );
  const missing = wanted.filter(
    (one) => !known.some(({ source, table }) => isTableIn([one], source, table)),
  );
  if (missing.length > 0)
    throw new RolloutError(
      'no-such-table',
      exitCodes.usage,
      `no table ${missing.join(', ')} was set aside; what was: ${known.map(({ source, table }) => `${source}.${table}`).join(', ')}`,
    );
};
