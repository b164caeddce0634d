import type { TrialReport } from './types.ts';

/** Rows of each table before and after, without our own table of migrations. Pure. */
export const rowChange = (
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): TrialReport['rows'] =>
  Object.fromEntries(
    [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((name) => !/(?:^|\.)schema_migrations$/.test(name))
      .sort()
      .map((name) => [name, { before: before[name] ?? null, after: after[name] ?? null }]),
  );
