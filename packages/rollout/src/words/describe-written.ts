import type { RollbackOutcome } from '@dhash/rollback';

/** What differs between live data and a backup. */
export type Written = NonNullable<Extract<RollbackOutcome, { kind: 'validated' }>['written']>;

/** What a record holds of it; `null`: nothing. */
export const writtenIn = (value: unknown): Written | null =>
  typeof value === 'object' && value !== null && 'files' in value && 'tables' in value
    ? // Written by this tool from a Written.
      (value as Written)
    : null;

/** Whether anything differs. */
export const isAnyWritten = ({ files, tables }: Written): boolean =>
  tables.length > 0 || [files.added, files.changed, files.removed].some(({ count }) => count > 0);

/** Rows that a rollback took out of the live data, of all tables. */
export const rowsWritten = ({ tables }: Written): number =>
  tables.reduce((sum, { before, after }) => sum + Math.max(0, (after ?? 0) - (before ?? 0)), 0);

/** What a rollback took out of the live data, in a line: it lies in the safety zip. */
export const describeWritten = ({ files, tables }: Written): string => {
  const changes = [
    ...(['added', 'changed', 'removed'] as const)
      .filter((kind) => files[kind].count > 0)
      .map((kind) => `${files[kind].count} files ${kind}`),
    ...tables.map(({ source, table, before, after }) =>
      before === after
        ? `${source}.${table} rows changed, ${after} as before`
        : `${source}.${table} ${before ?? 'not there'} → ${after ?? 'gone'} rows`,
    ),
  ];
  return changes.length === 0 ? 'nothing' : changes.join(', ');
};
