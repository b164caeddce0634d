import { digestTable } from './digest-table.ts';
import type { RowFile } from './row-file.ts';
import type { Cells, Dialect, LiveRows, RowStore, TableShape } from './row-store.ts';

/** Why a row that was written since can't be put in as it is. */
export type RowConflict =
  | { readonly kind: 'same-key'; readonly live: Cells | null }
  | { readonly kind: 'no-value'; readonly column: string }
  | { readonly kind: 'unique'; readonly columns: readonly string[] }
  | { readonly kind: 'no-parent'; readonly columns: readonly string[]; readonly parent: string };

export interface RowSink {
  insert(cells: Cells): Promise<void> | void;
  conflict(cells: Cells, conflict: RowConflict): Promise<void> | void;
}

/** How a table of the copy stands to the live one. */
export interface TableClass {
  readonly table: string;
  /** Those in common, in the order of the cells. */
  readonly columns: readonly string[];
  readonly shape: TableShape;
  /** Rows that were written since and are live with the same content. */
  readonly there: number;
  readonly inserts: number;
  readonly conflicts: number;
  /** Columns that live has not, with how many of the rows written since have something in them. */
  readonly lacking: readonly { readonly column: string; readonly rows: number }[];
  /** False where the backup is not there, or lacks a column: then all that live has not counts as written since. */
  readonly isComparedWithBackup: boolean;
}

export interface ClassifyJob {
  readonly table: string;
  /** What was set aside. */
  readonly copy: RowStore;
  /** What the release began with; null where that is not there. */
  readonly base: RowStore | null;
  readonly live: LiveRows;
  readonly dialect: Dialect;
  readonly sink: RowSink;
  /** Where rows of keys that are live wait for the live row; empty. */
  readonly waiting: RowFile<Cells>;
}

/** Cells in the order of other columns; null where one of them is not there. */
const picker = (from: readonly string[], wanted: readonly string[]) => {
  const places = wanted.map((name) => from.indexOf(name));
  return places.includes(-1)
    ? null
    : (cells: Cells): string[] => places.map((at) => cells[at] ?? '');
};

const asText = (cells: Cells): string => JSON.stringify(cells);

/** Digests of the rows of a table, of these columns; null where it or one of them is not there. */
const digestsOf = async (
  store: RowStore,
  table: string,
  columns: readonly string[],
  keyOf: ((cells: Cells) => string[]) | null,
) => {
  const rows = digestTable();
  const keys = digestTable();
  let pick: ReturnType<typeof picker> = null;
  const isThere = await store.visit(table, {
    columns: (names) => {
      pick = picker(names, columns);
    },
    row: (cells) => {
      const picked = pick?.(cells);
      if (picked === undefined) return;
      rows.add(asText(picked));
      if (keyOf !== null) keys.add(asText(keyOf(picked)));
    },
  });
  return isThere && pick !== null ? { rows, keys } : null;
};

/** Live rows of these keys are looked for in a second reading; so many are held. */
const MOST_LIVE_ROWS = 100_000;

/**
 * Sorts the rows of one table of the copy. Written since is what the backup has not, or has less often; without the
 * backup, whatever live has not. Where rows have a key, a live row of the same key and other content is a conflict; where they
 * have none (or NULL in it), rows are counted: as many go in as live has too few.
 *
 * @returns null where live has no such table
 */
export const classifyTable = async (job: ClassifyJob): Promise<TableClass | null> => {
  const { table, copy, base, live, dialect, sink, waiting } = job;
  const shape = live.shapes.get(table);
  if (shape === undefined) return null;
  const seen = digestTable();
  const lacking = new Map<string, number>();
  const wanted = new Set<string>();
  const found = { there: 0, inserts: 0, conflicts: 0 };
  let columns: string[] = [];
  let isComparedWithBackup = false;
  let take: (cells: Cells) => Promise<void> | void = () => undefined;

  const begin = async (names: readonly string[]): Promise<void> => {
    columns = shape.columns.map(({ name }) => name).filter((name) => names.includes(name));
    for (const name of names)
      if (!shape.columns.some((column) => column.name === name)) lacking.set(name, 0);
    const pick = picker(names, columns);
    const keyOf = shape.key.length === 0 ? null : picker(columns, shape.key);
    const before = base === null ? null : await digestsOf(base, table, columns, null);
    const now = await digestsOf(live, table, columns, keyOf);
    if (pick === null || now === null) return;
    isComparedWithBackup = before !== null;
    const missing = shape.columns.find(
      ({ name, mustBeGiven }) => mustBeGiven && !columns.includes(name),
    );
    const noteLacking = (cells: Cells): void => {
      for (const [index, name] of names.entries()) {
        const rows = lacking.get(name);
        if (rows !== undefined && !dialect.isNull(cells[index] ?? '')) lacking.set(name, rows + 1);
      }
    };
    take = (cells) => {
      const row = pick(cells);
      const text = asText(row);
      const times = seen.add(text);
      if (before !== null && times <= before.rows.count(text)) return;
      if (times <= now.rows.count(text)) {
        if (before !== null) found.there += 1;
        return;
      }
      noteLacking(cells);
      const key = keyOf?.(row) ?? [];
      const hasKey = key.length > 0 && !key.some(dialect.isNull);
      if (hasKey && now.keys.count(asText(key)) > 0) {
        found.conflicts += 1;
        if (wanted.size < MOST_LIVE_ROWS) wanted.add(asText(key));
        return waiting.add(row);
      }
      if (missing !== undefined) {
        found.conflicts += 1;
        return sink.conflict(row, { kind: 'no-value', column: missing.name });
      }
      found.inserts += 1;
      return sink.insert(row);
    };
  };
  if (!(await copy.visit(table, { columns: begin, row: (cells) => take(cells) }))) return null;
  await waiting.finish();
  await tellConflicts(job, columns, shape, wanted);
  return {
    table,
    columns,
    shape,
    ...found,
    lacking: [...lacking].map(([column, rows]) => ({ column, rows })),
    isComparedWithBackup,
  };
};

/** Reads live once more, for the rows that stand against those of the copy. */
const tellConflicts = async (
  { table, live, sink, waiting }: ClassifyJob,
  columns: readonly string[],
  shape: TableShape,
  wanted: ReadonlySet<string>,
): Promise<void> => {
  if (wanted.size === 0) return;
  const keyOf = picker(columns, shape.key);
  if (keyOf === null) return;
  const rows = new Map<string, string[]>();
  let pick: ReturnType<typeof picker> = null;
  await live.visit(table, {
    columns: (names) => {
      pick = picker(names, columns);
    },
    row: (cells) => {
      const row = pick?.(cells);
      const key = row === undefined ? '' : asText(keyOf(row));
      if (row !== undefined && wanted.has(key)) rows.set(key, row);
    },
  });
  for await (const row of waiting.read())
    await sink.conflict(row, { kind: 'same-key', live: rows.get(asText(keyOf(row))) ?? null });
};
