import type { PostgresSource } from '../types.ts';
import { runClient, writerEnvironment } from './psql.ts';

export interface RestoreDumpOptions {
  readonly input: AsyncIterable<Buffer>;
  /** Default: schema and data. */
  readonly only?: 'schema';
  readonly signal: AbortSignal | undefined;
}

/**
 * Restores a dump into an empty database, all of it or nothing.
 *
 * @throws BackupError `command-failed`, with what the server said; `server-lost`
 */
export const restoreDump = (
  source: PostgresSource,
  database: string,
  { input, only, signal }: RestoreDumpOptions,
): Promise<void> =>
  runClient(source, database, {
    what: `pg_restore into the side database "${database}" of the source "${source.name}"`,
    command: [
      ...['pg_restore', '-w', '--exit-on-error', '--single-transaction'],
      ...(only === 'schema' ? ['--schema-only'] : []),
      ...['-d', ''],
    ],
    env: writerEnvironment(source, database),
    input,
    signal,
  });
