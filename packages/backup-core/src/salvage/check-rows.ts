import { isBackupError } from '../errors.ts';
import { quoteName } from '../postgres/psql.ts';
import type { RowConflict } from './classify-table.ts';
import type { Cells, Dialect, ForeignKey, LiveRows, TableShape } from './row-store.ts';

/** Rows that one statement asks about. */
export const CHECKED_ROWS = 200;

export interface RowBatch {
  readonly shape: TableShape;
  readonly columns: readonly string[];
  readonly rows: readonly Cells[];
}

const usable = (columns: readonly string[], wanted: readonly string[]): boolean =>
  wanted.every((name) => columns.includes(name));

/**
 * A statement that says which rows live has no room for: `[row, "unique" | "foreign", number]` each. Null where nothing is to
 * be asked. Pure.
 */
const checkStatement = (
  { shape, columns, rows }: RowBatch,
  parents: ReadonlyMap<string, TableShape>,
  dialect: Dialect,
): string | null => {
  const { raw } = dialect;
  const name = (column: string) => raw(quoteName(column));
  const typed = (cell: string, at: number): string => {
    const type = shape.columns.find((column) => column.name === columns[at])?.type ?? '';
    return dialect.isTyped ? `${dialect.literal(cell)}::${raw(type)}` : dialect.literal(cell);
  };
  const said = (kind: string, index: number) => `SELECT '[' || n || ',"${kind}",${index}]' FROM c`;
  const matches = (table: string, theirs: readonly string[], ours: readonly string[]) =>
    `EXISTS (SELECT 1 FROM ${raw(table)} l WHERE ${theirs.map((column, at) => `l.${name(column)} = c.${name(ours[at] ?? '')}`).join(' AND ')})`;
  const asked = [
    ...shape.unique.flatMap((unique, index) =>
      usable(columns, unique)
        ? [`${said('unique', index)} WHERE ${matches(shape.sqlName, unique, unique)}`]
        : [],
    ),
    ...shape.foreign.flatMap((key, index) => {
      const parent = parents.get(key.parent);
      return parent === undefined || !usable(columns, key.columns)
        ? []
        : [
            `${said('foreign', index)} WHERE ${key.columns.map((column) => `c.${name(column)} IS NOT NULL`).join(' AND ')} AND NOT ${matches(parent.sqlName, key.parentColumns, key.columns)}`,
          ];
    }),
  ];
  if (asked.length === 0 || rows.length === 0) return null;
  const values = rows.map((cells, n) => `(${[n, ...cells.map(typed)].join(', ')})`);
  return `WITH c(n, ${columns.map(name).join(', ')}) AS (VALUES ${values.join(', ')}) ${asked.join(' UNION ALL ')}`;
};

/** What rows refer to, or are referred to by. */
export const tupleOf = (
  columns: readonly string[],
  wanted: readonly string[],
  cells: Cells,
): string => JSON.stringify(wanted.map((name) => cells[columns.indexOf(name)] ?? ''));

export interface CheckedBatch {
  /** By row; a row that is not in it can be put in, as far as that can be told. */
  readonly conflicts: ReadonlyMap<number, RowConflict>;
  /** Why nothing could be asked; null where it could. */
  readonly problem: string | null;
}

/** Asks live which of the rows it has no room for. Parents that are to be put in too are as good as there. */
export const checkRows = async (
  live: LiveRows,
  batch: RowBatch,
  {
    dialect,
    isComing,
  }: {
    readonly dialect: Dialect;
    readonly isComing: (key: ForeignKey, tuple: string) => boolean;
  },
): Promise<CheckedBatch> => {
  const { shape, columns, rows } = batch;
  const conflicts = new Map<number, RowConflict>();
  const sql = checkStatement(batch, live.shapes, dialect);
  if (sql === null) return { conflicts, problem: null };
  let answers: unknown[];
  try {
    answers = await live.query(sql);
  } catch (error) {
    const isOfSqlite = error instanceof Error && 'errcode' in error;
    if (!isOfSqlite && !(isBackupError(error) && error.code === 'command-failed')) throw error;
    return { conflicts, problem: error.message };
  }
  for (const answer of answers as [number, 'unique' | 'foreign', number][]) {
    const [row, kind, index] = answer;
    if (kind === 'unique') {
      conflicts.set(row, { kind, columns: shape.unique[index] ?? [] });
      continue;
    }
    const key = shape.foreign[index];
    const cells = rows[row];
    if (key === undefined || cells === undefined || conflicts.has(row)) continue;
    if (!isComing(key, tupleOf(columns, key.columns, cells)))
      conflicts.set(row, { kind: 'no-parent', columns: key.columns, parent: key.parent });
  }
  return { conflicts, problem: null };
};
