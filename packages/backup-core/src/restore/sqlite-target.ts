import type { SqliteSource } from '../types.ts';
import { type PathTarget, pathTarget } from './staged-target.ts';
import { whereItLeads } from './where-it-leads.ts';

/** The file that is put back is the one that a link leads to, with the -wal and -shm beside it; the link stays. */
export const sqliteTarget = (
  { name, path }: Pick<SqliteSource, 'name' | 'path'>,
  id: string,
): PathTarget => pathTarget({ name, type: 'sqlite', path: whereItLeads(path) }, id);
