import type { PostgresSource } from '../types.ts';
import { databaseOf, PSQL, runClient, writerEnvironment } from './psql.ts';

export interface ScriptOptions {
  readonly signal?: AbortSignal | undefined;
  /** Gets each line that it prints, those before a failure too. */
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a script of psql on a source's database, through its standard input. Unlike our own statements it sees the
 * `search_path` that the role has there; limits of time that role or database set are lifted.
 *
 * @throws BackupError `command-failed`, with what the server said; `server-lost`
 */
export const runPostgresScript = async (
  source: PostgresSource,
  script: string,
  { signal, onLine }: ScriptOptions = {},
): Promise<void> => {
  const database = databaseOf(source);
  const decoder = new TextDecoder();
  let rest = '';
  async function* input() {
    yield script;
  }
  await runClient(source, database, {
    what: `psql on the database "${database}" of the source "${source.name}"`,
    command: PSQL,
    env: writerEnvironment(source, database),
    input: input(),
    onOutput: (part) => {
      const lines = (rest + decoder.decode(part, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) if (line !== '') onLine?.(line);
    },
    signal,
  });
};
