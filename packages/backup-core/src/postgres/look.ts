import { BackupError } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import { canPutBack } from '../put-back/can-put-back.ts';
import type { PostgresSource } from '../types.ts';
import { databaseOf, runSql } from './psql.ts';

const TOOLS = ['psql', 'pg_dump', 'pg_restore'] as const;
/** `server_version_num` is major * 10000 + minor since PostgreSQL 10. */
const MAJOR = 10_000;
/** Longest wait for an answer, ms. */
const LOOK_TIMEOUT_MS = 10_000;

/** Major version of a client program; `null`: it is not on PATH, or does not run. */
export const majorOf = async (tool: string): Promise<number | null> => {
  let text = '';
  try {
    await runProcess({
      what: tool,
      command: [tool, '--version'],
      onOutput: (part) => {
        text += part.toString('utf8');
      },
      timeoutMs: LOOK_TIMEOUT_MS,
    });
  } catch (error) {
    if (error instanceof BackupError && error.code === 'command-failed') return null;
    throw error;
  }
  return Number(/\(PostgreSQL\) (\d+)/.exec(text)?.[1] ?? 0);
};

/** What the server said, without where it is. */
const refusal = (error: BackupError): string =>
  /connection to server [^\n]*? failed: ([^\n]*)/.exec(error.message)?.[1] ??
  'no connection came about';

/**
 * What would keep a PostgreSQL source from being backed up, or restored where `restores`: a sentence each, which
 * never holds the address. Read-only.
 */
export const lookAtPostgres = async (
  source: PostgresSource,
  { restores }: { readonly restores: boolean },
): Promise<string[]> => {
  const tools = await Promise.all(
    TOOLS.map(async (tool) => ({ tool, major: await majorOf(tool) })),
  );
  const missing = tools.flatMap(({ tool, major }) => (major === null ? [tool] : []));
  if (missing.length > 0)
    return [
      `${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not on PATH: install the PostgreSQL client programs`,
    ];
  let rows: unknown[];
  try {
    rows = await runSql(source, "SELECT current_setting('server_version_num')::int;", {
      database: databaseOf(source),
      signal: AbortSignal.timeout(LOOK_TIMEOUT_MS),
    });
  } catch (error) {
    if (error instanceof BackupError) return [`the server does not let us in: ${refusal(error)}`];
    if (error instanceof DOMException && error.name === 'TimeoutError')
      return [`the server gave no answer within ${LOOK_TIMEOUT_MS / 1000} s`];
    throw error;
  }
  const server = Math.floor(Number(rows[0]) / MAJOR);
  const old = tools.filter(({ major }) => major !== null && major < server);
  const problems = old.map(
    ({ tool, major }) =>
      `${tool} is of version ${major}, the server of ${server}: install the client programs of version ${server} or newer`,
  );
  // Older programs can't do what would be tried.
  if (!restores || problems.length > 0) return problems;
  const found = await canPutBack([source]);
  return found.filter(({ severity }) => severity === 'refuses').map(({ sentence }) => sentence);
};
