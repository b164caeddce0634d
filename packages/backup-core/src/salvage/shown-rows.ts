import { quoteName } from '../postgres/psql.ts';
import type { RowConflict, TableClass } from './classify-table.ts';
import type { Cells, Dialect } from './row-store.ts';

/** A row for people and JSON, by column; null is NULL. */
export const shownRow = (
  { columns }: Pick<TableClass, 'columns'>,
  dialect: Dialect,
  cells: Cells,
): Record<string, string | null> =>
  Object.fromEntries(columns.map((name, at) => [name, dialect.shown(cells[at] ?? '')]));

/** The statement that puts a row in, as bytes of the database's encoding. */
export const insertStatement = (
  { columns, shape }: Pick<TableClass, 'columns' | 'shape'>,
  dialect: Dialect,
  cells: Cells,
): Buffer => {
  const overriding = dialect.isTyped ? ' OVERRIDING SYSTEM VALUE' : '';
  const names = columns.map((name) => dialect.raw(quoteName(name))).join(', ');
  const text = `INSERT INTO ${dialect.raw(shape.sqlName)} (${names})${overriding} VALUES (${cells.map(dialect.literal).join(', ')});\n`;
  return Buffer.from(text, dialect.isTyped ? 'latin1' : 'utf8');
};

/** Why a row stays out. */
export const describeConflict = (conflict: RowConflict): string => {
  switch (conflict.kind) {
    case 'same-key':
      return 'a live row has the same key and other content';
    case 'no-value':
      return `live needs a value for "${conflict.column}", which the copy does not have and nothing stands in for`;
    case 'unique':
      return `a live row has the same ${conflict.columns.join(', ')}, which must be unique`;
    case 'no-parent':
      return `its ${conflict.columns.join(', ')} refers to a row of ${conflict.parent} that live has not`;
  }
};
