import { join } from 'node:path';
import { CHECKED_ROWS, checkRows, tupleOf } from './check-rows.ts';
import { classifyTable, type RowConflict, type TableClass } from './classify-table.ts';
import { digestTable } from './digest-table.ts';
import { parentsFirst } from './parents-first.ts';
import { type RowFile, rowFile } from './row-file.ts';
import type { Cells, Dialect, LiveRows, RowStore } from './row-store.ts';

/** A row that stays out. */
export interface ConflictLine {
  readonly cells: Cells;
  readonly conflict: RowConflict;
}

/** A table with rows that were written since; what they are lies in files. */
export interface FoundRows extends TableClass {
  readonly notes: readonly string[];
  readonly insertFile: RowFile<Cells>;
  readonly conflictFile: RowFile<ConflictLine>;
}

export interface SalvageStores {
  readonly copy: RowStore;
  readonly base: RowStore | null;
  readonly live: LiveRows;
  readonly dialect: Dialect;
}

/** What is in the tables of a copy. */
export interface FoundTables {
  /** Each after those that it refers to. */
  readonly tables: readonly FoundRows[];
  /** Tables that live has not. */
  readonly gone: readonly string[];
}

/** Rows that are about to be put in, by what others may refer to. */
const comingRows = () => {
  const coming = new Map<string, ReturnType<typeof digestTable>>();
  const nameOf = (parent: string, columns: readonly string[]) => JSON.stringify([parent, columns]);
  return {
    add: (parent: string, columns: readonly string[], tuple: string) => {
      const name = nameOf(parent, columns);
      const tuples = coming.get(name) ?? digestTable();
      coming.set(name, tuples);
      tuples.add(tuple);
    },
    has: (parent: string, columns: readonly string[], tuple: string): boolean =>
      (coming.get(nameOf(parent, columns))?.count(tuple) ?? 0) > 0,
  };
};

/**
 * Sorts what was written since in all tables of a copy: what can be put in, what stands against something that is live, what
 * is live already. Reads only; what it finds goes to files in `work`.
 */
export const salvageTables = async (
  { copy, base, live, dialect }: SalvageStores,
  work: string,
): Promise<FoundTables> => {
  const classes: (TableClass &
    Pick<FoundRows, 'conflictFile'> & { readonly sorted: RowFile<Cells> })[] = [];
  const gone: string[] = [];
  for (const [number, table] of copy.tables.entries()) {
    const sorted = rowFile<Cells>(join(work, `${number}.sorted`));
    const conflictFile = rowFile<ConflictLine>(join(work, `${number}.conflicts`));
    const sink = {
      insert: (cells: Cells) => sorted.add(cells),
      conflict: (cells: Cells, conflict: RowConflict) => conflictFile.add({ cells, conflict }),
    };
    const waiting = rowFile<Cells>(join(work, `${number}.waiting`));
    const found = await classifyTable({ table, copy, base, live, dialect, sink, waiting });
    await sorted.finish();
    if (found === null) {
      await conflictFile.finish();
      gone.push(table);
    } else classes.push({ ...found, conflictFile, sorted });
  }
  const order = parentsFirst(classes.map(({ shape }) => shape));
  const coming = comingRows();
  const tables: FoundRows[] = [];
  for (const shape of order) {
    const one = classes.find((each) => each.shape === shape);
    if (one === undefined) continue;
    const announce = async (rows: RowFile<Cells>, isOwn: boolean): Promise<void> => {
      const keys = order
        .filter((child) => (child === shape) === isOwn)
        .flatMap(({ foreign }) => foreign)
        .filter(({ parent }) => parent === one.table);
      if (keys.length === 0) return;
      for await (const cells of rows.read())
        for (const { parentColumns } of keys)
          coming.add(one.table, parentColumns, tupleOf(one.columns, parentColumns, cells));
    };
    // A row may refer to one of its own table, which is checked beside it.
    await announce(one.sorted, true);
    const done = await checked(
      one,
      { live, dialect, coming },
      join(work, `${tables.length}.inserts`),
    );
    await announce(done.insertFile, false);
    tables.push(done);
  }
  return { tables, gone };
};

const triggerNote = ({ shape: { table, triggers } }: TableClass): string[] =>
  triggers.length === 0
    ? []
    : [`${table} has triggers, which fire for each row that is put in: ${triggers.join(', ')}`];

/** Holds the rows to be put in against what live asks of them. */
const checked = async (
  one: TableClass & Pick<FoundRows, 'conflictFile'> & { readonly sorted: RowFile<Cells> },
  {
    live,
    dialect,
    coming,
  }: Pick<SalvageStores, 'live' | 'dialect'> & { readonly coming: ReturnType<typeof comingRows> },
  path: string,
): Promise<FoundRows> => {
  const { sorted, conflictFile, ...found } = one;
  const insertFile = rowFile<Cells>(path);
  const problems = new Set<string>();
  let inserts = 0;
  let rows: Cells[] = [];
  const flush = async (): Promise<void> => {
    const { shape, columns } = one;
    const { conflicts, problem } = await checkRows(
      live,
      { shape, columns, rows },
      { dialect, isComing: (key, tuple) => coming.has(key.parent, key.parentColumns, tuple) },
    );
    if (problem !== null) problems.add(problem);
    for (const [index, cells] of rows.entries()) {
      const conflict = conflicts.get(index);
      if (conflict !== undefined) await conflictFile.add({ cells, conflict });
      else {
        inserts += 1;
        await insertFile.add(cells);
      }
    }
    rows = [];
  };
  for await (const cells of sorted.read()) {
    rows.push(cells);
    if (rows.length === CHECKED_ROWS) await flush();
  }
  await flush();
  await insertFile.finish();
  await conflictFile.finish();
  return {
    ...found,
    inserts,
    conflicts: found.conflicts + found.inserts - inserts,
    notes: [
      ...triggerNote(one),
      ...[...problems].map(
        (problem) =>
          `${one.table}: whether its rows fit could not be asked before (${problem}); the database says it when they are put in`,
      ),
    ],
    insertFile,
    conflictFile,
  };
};
