import { formatDuration } from '../words/format.ts';
import { migrationName } from './read-migrations.ts';
import type { MigrationReport, TableLock, TrialReport } from './types.ts';

/** What others may not do meanwhile; weaker locks keep nobody from anything usual (manual, 13.3.1). */
const keepsFrom: Readonly<Record<string, string>> = {
  'ACCESS EXCLUSIVE': 'nobody reads or writes it',
  EXCLUSIVE: 'nobody writes it',
  'SHARE ROW EXCLUSIVE': 'nobody writes it',
  SHARE: 'nobody writes it',
};

/** Characters of a statement that name it. */
const shownStatement = 60;

const shown = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ');
  return line.length > shownStatement ? `${line.slice(0, shownStatement)}…` : line;
};

const lockWords = ({ table, mode }: TableLock): string => {
  const keeps = keepsFrom[mode];
  return `${table}: ${mode}${keeps === undefined ? '' : `, ${keeps} until the end of the migration`}`;
};

/** What each statement of a migration locks, a line each; of those that lock something. Pure. */
const lockLines = ({ version, name, statements = [] }: MigrationReport): string[] =>
  statements
    .filter(({ locks }) => locks.length > 0)
    .map(
      ({ line, text, ms, locks }) =>
        `${migrationName({ version, name })} line ${line} (${shown(text)}; ${formatDuration(ms)}) locks ${locks.map(lockWords).join('; ')}`,
    );

/** What a run on a copy showed, in a line. Pure. */
export const describeTrial = ({ steps, copyMs, rows }: TrialReport): string => {
  const changed = Object.entries(rows)
    .filter(([, { before, after }]) => before !== after)
    .map(([table, { before, after }]) => `${table} ${before ?? 'new'} → ${after ?? 'gone'} rows`);
  const ran = steps.map(
    ({ version, name, ms }) => `${migrationName({ version, name })} in ${formatDuration(ms)}`,
  );
  const locks = steps.flatMap(lockLines);
  return [
    `${ran.join(', ')}; copied in ${formatDuration(copyMs)}; integrity and references OK`,
    ...(changed.length > 0 ? [changed.join(', ')] : []),
    ...locks,
  ].join('; ');
};
