import type { Proven } from './data-kind.ts';

/** The proof of a source of one entry that could not be proved. */
export const unproven = (problem: string, tables: Proven['tables']): Proven => ({
  problems: [problem],
  files: 1,
  bytes: 0,
  tables,
});
