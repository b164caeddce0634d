import type { FileHandle } from 'node:fs/promises';
import { BackupError } from '../errors.ts';
import { later } from '../later.ts';
import { runProcess } from '../process/run-process.ts';
import type { PostgresSource } from '../types.ts';
import { READ_ROWS, type Rows, rowsFrom } from './count-rows.ts';
import { databaseOf, environmentFor, PSQL, SESSION } from './psql.ts';

export interface DumpOptions {
  /** Open for writing, empty. */
  readonly to: FileHandle;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Dumps a database while others write to it, and counts the rows of the very moment that the dump is of: a session
 * holds the snapshot that pg_dump uses.
 *
 * @throws BackupError `command-failed`
 */
export const dumpDatabase = async (
  source: PostgresSource,
  { to, signal, onBytes }: DumpOptions,
): Promise<Rows> => {
  const database = databaseOf(source);
  const env = environmentFor(source, database);
  const what = `of the database "${database}" of the source "${source.name}"`;
  const snapshot = later<string>();
  const dumped = later<void>();
  async function* script() {
    yield SESSION;
    yield 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY;\nSET LOCAL row_security = off;\nSELECT to_json(pg_export_snapshot());\n';
    yield READ_ROWS;
    await dumped.promise;
    yield 'COMMIT;\n';
  }
  let text = '';
  const counting = runProcess({
    what: `the snapshot ${what}`,
    command: PSQL,
    env,
    input: script(),
    signal,
    onOutput: (part) => {
      text += part.toString('utf8');
      const end = text.indexOf('\n');
      if (end !== -1) snapshot.resolve(JSON.parse(text.slice(0, end)) as string);
    },
  });
  counting.then(
    () => snapshot.reject(new TypeError('psql ended without a snapshot')),
    snapshot.reject,
  );
  const bytes = await snapshot.promise
    .then((id) =>
      runProcess({
        what: `pg_dump ${what}`,
        command: ['pg_dump', '-w', '-Fc', '-Z0', `--snapshot=${id}`],
        env,
        signal,
        onOutput: async (part) => {
          await to.writeFile(part);
          onBytes(part.length);
        },
      }),
    )
    .catch(async (error: unknown) => {
      // Without its snapshot pg_dump fails too, and knows less of why.
      dumped.resolve();
      if (signal?.aborted !== true) await counting;
      throw error;
    });
  dumped.resolve();
  await counting;
  if (bytes === 0) throw new BackupError('command-failed', `pg_dump ${what} printed nothing`);
  const rows = text.trim().split('\n').slice(1);
  return rowsFrom(rows.map((row) => JSON.parse(row) as unknown));
};

/**
 * Reads a dump to its end. Its list of contents stands at the front, so that a cut dump passes `pg_restore -l`.
 *
 * @throws BackupError `command-failed`
 */
export const checkDump = async (
  dump: AsyncIterable<Buffer>,
  name: string,
  signal: AbortSignal | undefined,
): Promise<void> => {
  await runProcess({
    what: `the dump of the source "${name}" can't be restored (pg_restore)`,
    command: ['pg_restore', '-f', '/dev/null'],
    input: dump,
    signal,
  });
};
