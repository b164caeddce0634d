import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createBackup,
  type DataSource,
  describeConflict,
  type FoundSource,
  findSalvage,
  putSalvage,
  shownRow,
} from '../../src/index.ts';
import { AT_MS } from './sample.ts';

type Row = Record<string, string | null>;

/** What was found in a table, with its rows. */
export interface ReadTable {
  readonly there: number;
  readonly inserts: readonly Row[];
  readonly conflicts: readonly (readonly [Row, string, Row | null])[];
  readonly lacking: Readonly<Record<string, number>>;
}

export const readTables = async (found: readonly FoundSource[]) => {
  const read: Record<string, ReadTable> = {};
  for (const source of found)
    if (source.kind === 'tables')
      for (const table of source.tables) {
        const shown = (cells: readonly string[]) => shownRow(table, source.dialect, cells);
        const inserts: Row[] = [];
        for await (const cells of table.insertFile.read()) inserts.push(shown(cells));
        const conflicts: [Row, string, Row | null][] = [];
        for await (const { cells, conflict } of table.conflictFile.read())
          conflicts.push([
            shown(cells),
            describeConflict(conflict),
            conflict.kind === 'same-key' && conflict.live !== null ? shown(conflict.live) : null,
          ]);
        read[table.table] = {
          there: table.there,
          inserts,
          conflicts,
          lacking: Object.fromEntries(table.lacking.map(({ column, rows }) => [column, rows])),
        };
      }
  return read;
};

/** Backs up, finds and puts in, in one folder. */
export const salvaging = (root: string, sources: readonly DataSource[]) => {
  let atMs = AT_MS;
  const work = () => mkdtemp(join(root, 'work-'));
  return {
    backUp: async (): Promise<string> => {
      atMs += 60_000;
      const { file } = await createBackup({
        dir: join(root, 'backups'),
        root,
        service: 'shop',
        env: 'production',
        release: '1.0.0',
        migrations: [],
        sources,
        tool: { name: 'test', version: '1' },
        now: () => atMs,
      });
      return file;
    },
    find: async (copy: string, base: string | null, more: { busyMs?: number } = {}) =>
      findSalvage({ copy, base, sources, work: await work(), ...more }),
    put: async (copy: string, base: string | null, wanted: readonly string[]) =>
      putSalvage({
        ...{ copy, base, sources, work: await work(), id: 'salvage-test' },
        choice: {
          isTable: (_, table) => wanted.includes(table),
          isFile: (_, path) => wanted.includes(path),
        },
        onPut: async () => undefined,
      }),
  };
};
