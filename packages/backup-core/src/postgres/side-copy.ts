import { PassThrough } from 'node:stream';
import type { DatabaseTarget } from '../restore/staged-target.ts';
import { restoreTargets } from '../restore/swap.ts';
import type { PostgresSource } from '../types.ts';
import { databaseOf, environmentFor, runClient } from './psql.ts';
import { restoreDump } from './restore-dump.ts';
import { drillId } from './scratch-database.ts';
import { createLike, dropDatabases } from './side-database.ts';

export interface SideCopyOptions {
  /** Unix epoch, ms. */
  readonly now: number;
  readonly signal?: AbortSignal | undefined;
}

/** The dump goes from one program to the other, and lies on no disk of ours. */
const copyInto = async (
  source: PostgresSource,
  staged: string,
  signal: AbortSignal | undefined,
): Promise<void> => {
  const live = databaseOf(source);
  const pipe = new PassThrough();
  const restoring = restoreDump(source, staged, { input: pipe, signal });
  const dumping = runClient(source, live, {
    what: `pg_dump of the database "${live}" of the source "${source.name}"`,
    command: ['pg_dump', '-w', '-Fc', '-Z0'],
    env: environmentFor(source, live),
    signal,
    onOutput: (part) => new Promise<void>((resolve) => pipe.write(part, () => resolve())),
  }).then(
    () => pipe.end(),
    (error: unknown) => {
      // The restore fails by it too, and knows less of why.
      pipe.destroy();
      throw error;
    },
  );
  const [dumped, restored] = await Promise.allSettled([dumping, restoring]);
  if (dumped.status === 'rejected') throw dumped.reason;
  if (restored.status === 'rejected') throw restored.reason;
};

/**
 * Copies a database to another one beside it, and drops that whatever happens; where it is killed, the next
 * `sweepDrillDatabases` does.
 *
 * @throws BackupError `command-failed`, `server-lost`; what `work` throws
 */
export const withPostgresCopy = async <T>(
  source: PostgresSource,
  { now, signal }: SideCopyOptions,
  work: (copy: PostgresSource) => Promise<T>,
): Promise<T> => {
  const [target] = restoreTargets([source], drillId(now)) as DatabaseTarget[];
  if (target === undefined) throw new TypeError('a database has a place beside it');
  try {
    await createLike(source, target, signal);
    await copyInto(source, target.staged, signal);
    return await work({ ...source, database: target.staged });
  } finally {
    await dropDatabases(source, [target.staged]);
  }
};
