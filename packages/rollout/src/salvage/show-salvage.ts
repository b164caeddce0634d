import { describeConflict, type FoundRows, type FoundSource, shownRow } from '@dhash/backup-core';
import { formatBytes } from '../words/format.ts';
import type { Output } from '../words/output.ts';

/** Rows and files of each sort that are listed, unless all are asked for. */
const mostListed = 5;
/** Characters of a value that are listed. */
const mostCharacters = 80;

type Tables = Extract<FoundSource, { kind: 'tables' }>;
type Files = Extract<FoundSource, { kind: 'files' }>;

const shortened = (text: string, full: boolean): string =>
  full || text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`;

const rowText = (row: Readonly<Record<string, string | null>>, full: boolean): string =>
  Object.entries(row)
    .map(
      ([name, value]) =>
        `${name}=${value === null ? 'NULL' : JSON.stringify(shortened(value, full))}`,
    )
    .join(' ');

const plural = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** A sentence for each thing of a table that live has no place for, or that happens when rows go in. Pure. */
export const tableNotes = ({ table, lacking, notes, inserts }: FoundRows): string[] => [
  ...lacking
    .filter(({ rows }) => rows > 0)
    .map(
      ({ column, rows }) =>
        `live has no column "${column}" in ${table}: what ${rows === 1 ? 'one of these rows has' : `${rows} of these rows have`} in it stays in the copy`,
    ),
  ...(inserts > 0 ? notes : []),
];

const showTable = async (
  output: Output,
  table: FoundRows,
  { dialect, name }: Tables,
  full: boolean,
): Promise<void> => {
  const { inserts, conflicts, there } = table;
  if (inserts + conflicts + there === 0) return;
  output.line(
    `${name}.${table.table}: ${plural(inserts, 'row')} to put in, ${plural(conflicts, 'conflict')}, ${there} already there`,
  );
  for (const note of tableNotes(table)) output.line(`  note: ${note}`);
  const text = (cells: readonly string[]) => rowText(shownRow(table, dialect, cells), full);
  let listed = 0;
  for await (const cells of table.insertFile.read()) {
    if (!full && listed === mostListed) break;
    listed += 1;
    output.line(`  + ${text(cells)}`);
  }
  if (inserts > listed) output.line(`  + and ${inserts - listed} more (--full)`);
  listed = 0;
  for await (const { cells, conflict } of table.conflictFile.read()) {
    if (!full && listed === mostListed) break;
    listed += 1;
    output.line(`  ! ${text(cells)}: ${describeConflict(conflict)}`);
    if (conflict.kind === 'same-key' && conflict.live !== null)
      output.line(`    live: ${text(conflict.live)}`);
  }
  if (conflicts > listed) output.line(`  ! and ${conflicts - listed} more (--full)`);
};

const marks = { new: '+', changed: '!', same: '=' } as const;

const showFiles = (output: Output, { name, files }: Files, full: boolean): void => {
  if (files.length === 0) return;
  const of = (state: 'new' | 'changed' | 'same') => files.filter((file) => file.state === state);
  output.line(
    `${name}: ${plural(of('new').length, 'file')} to put in, ${of('changed').length} where live has another of that name, ${of('same').length} already there`,
  );
  for (const state of ['new', 'changed'] as const) {
    const listed = full ? of(state) : of(state).slice(0, mostListed);
    for (const { path, bytes } of listed)
      output.line(`  ${marks[state]} ${path} (${formatBytes(bytes)})`);
    const more = of(state).length - listed.length;
    if (more > 0) output.line(`  ${marks[state]} and ${more} more (--full)`);
  }
};

/** Lists what was found, bounded unless all of it is asked for. */
export const showSalvage = async (
  output: Output,
  found: readonly FoundSource[],
  { full }: { readonly full: boolean },
): Promise<void> => {
  for (const source of found) {
    if (source.kind === 'unread') output.line(`${source.name}: not looked into: ${source.why}`);
    else if (source.kind === 'files') showFiles(output, source, full);
    else {
      for (const table of source.tables) await showTable(output, table, source, full);
      for (const table of source.gone)
        output.line(`${source.name}.${table}: live has no such table; its rows stay in the copy`);
    }
  }
};

/** Counts of what was found, for `--json` and the record. Pure. */
export const countsOf = (found: readonly FoundSource[]) =>
  Object.fromEntries(
    found.map((source) => {
      if (source.kind === 'unread') return [source.name, { unread: source.why }];
      if (source.kind === 'files') {
        const count = (state: string) => source.files.filter((file) => file.state === state).length;
        return [source.name, { new: count('new'), changed: count('changed'), same: count('same') }];
      }
      const tables = source.tables.map(({ table, inserts, conflicts, there }) => [
        table,
        { inserts, conflicts, there },
      ]);
      return [source.name, { tables: Object.fromEntries(tables), gone: source.gone }];
    }),
  );

/** How much could be put in. Pure. */
export const insertable = (found: readonly FoundSource[]): { tables: string[]; files: number } => ({
  tables: found.flatMap((source) =>
    source.kind === 'tables'
      ? source.tables.filter(({ inserts }) => inserts > 0).map(({ table }) => table)
      : [],
  ),
  files: found.reduce(
    (sum, source) =>
      sum +
      (source.kind === 'files' ? source.files.filter(({ state }) => state === 'new').length : 0),
    0,
  ),
});
