import type { DataShape } from '@dhash/backup-core';
import { lastOf, type RecordedEvent } from './events.ts';

type Shapes = Readonly<Record<string, DataShape>>;

/** What `data.looked` holds. The chain of the journal vouches for its form. */
export const shapesIn = (recorded: unknown): Shapes => recorded as Shapes;

const listed = (names: readonly string[]): string => names.join(', ');

const columnsChange = (table: string, before: readonly string[], after: readonly string[]) => {
  const added = after.filter((column) => !before.includes(column));
  const gone = before.filter((column) => !after.includes(column));
  return [
    ...(added.length === 0 ? [] : [`${table}: column ${listed(added)} added`]),
    ...(gone.length === 0 ? [] : [`${table}: column ${listed(gone)} gone`]),
  ];
};

type Table = DataShape[string];

const rowWords = (rows: number | null): string => (rows === null ? '' : `, ${rows} rows`);

const tableChange = (table: string, before: Table, after: Table): string[] => [
  ...columnsChange(table, before.columns, after.columns),
  ...(before.rows === null || after.rows === null || before.rows === after.rows
    ? []
    : [`${table}: ${before.rows} → ${after.rows} rows`]),
];

/** What differs between two looks at the same databases, in words; `null`: nothing. Pure. */
export const describeShapeChange = (before: Shapes, after: Shapes): string | null => {
  const found = Object.entries(after).flatMap(([source, now]) => {
    const then = before[source] ?? {};
    const names = [...new Set([...Object.keys(then), ...Object.keys(now)])].sort();
    return names.flatMap((table) => {
      const [old, current] = [then[table], now[table]];
      if (old === undefined) return [`table ${table} is new${rowWords(current?.rows ?? null)}`];
      if (current === undefined) return [`table ${table} is gone${rowWords(old.rows)}`];
      return tableChange(table, old, current);
    });
  });
  return found.length === 0 ? null : found.join('; ');
};

/** The same look with the rows that were counted elsewhere, by source and table, where it counted none. Pure. */
export const withRows = (
  shapes: Shapes,
  counted: Readonly<Record<string, Readonly<Record<string, number>>>>,
): Shapes =>
  Object.fromEntries(
    Object.entries(shapes).map(([source, tables]) => [
      source,
      Object.fromEntries(
        Object.entries(tables).map(([table, { columns, rows }]) => [
          table,
          { columns, rows: rows ?? counted[source]?.[table] ?? null },
        ]),
      ),
    ]),
  );

/**
 * What this run's release changed as it started, for whoever goes back to the one before without its data; `null`:
 * nothing that is on record. Pure.
 */
export const changeAtStart = (events: readonly RecordedEvent[]): string | null =>
  lastOf(events, 'data.looked')?.change ?? null;
