import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { onlyFileOf } from '../backup-files.ts';
import { isBackupError } from '../errors.ts';
import { megabytes } from '../megabytes.ts';
import { runProcess } from '../process/run-process.ts';
import { type Found, type Looked, type PutBackJob, refuses, warns } from '../put-back/obstacle.ts';
import type { DatabaseTarget } from '../restore/staged-target.ts';
import type { PostgresSource } from '../types.ts';
import { readEntry } from '../zip/read-entry.ts';
import { lookAtCatalog } from './catalog-obstacles.ts';
import { databaseOf, environmentFor, runSql } from './psql.ts';
import { restoreDump } from './restore-dump.ts';
import { drillId } from './scratch-database.ts';
import { createLike, dropDatabases, sideName } from './side-database.ts';

type Signal = AbortSignal | undefined;

/** The schema of a live database, as a dump. */
async function* schemaOf(source: PostgresSource, signal: Signal): AsyncGenerator<Buffer> {
  const parts: Buffer[] = [];
  const database = databaseOf(source);
  await runProcess({
    what: `pg_dump of the schema of "${database}" of the source "${source.name}"`,
    command: ['pg_dump', '-w', '-Fc', '-Z0', '--schema-only'],
    env: environmentFor(source, database),
    onOutput: (part) => {
      parts.push(part);
    },
    signal,
  });
  yield* parts;
}

/** What a program said was wrong, without what was run. */
const firstError = (message: string): string =>
  /(?:pg_restore: error: |pg_dump: error: |ERROR: +|FATAL: +)([^\n]*)/
    .exec(message)?.[1]
    ?.replace(/^could not execute query: /, '') ?? message.slice(0, 300);

/** Makes a side database by the statements that a restore uses, puts the schema into it, and drops it. */
const tryAside = async (source: PostgresSource, job: PutBackJob): Promise<Found[]> => {
  const live = databaseOf(source);
  const id = drillId(job.nowMs);
  const target: DatabaseTarget = {
    ...{ name: source.name, type: 'postgres', live },
    ...{ staged: sideName(live, 'restore', id), previous: sideName(live, 'prev', id) },
  };
  const { backup, signal } = job;
  const dump = backup === null ? null : onlyFileOf(backup.files, source.name);
  const input =
    backup === null || dump === null
      ? schemaOf(source, signal)
      : readEntry(backup, dump.entry, { sha256: '' }, signal);
  try {
    const lost = await createLike(source, target, signal);
    await restoreDump(source, target.staged, { input, only: 'schema', signal });
    return lost.map((statement) =>
      warns(
        'settings',
        `the restored database "${live}" would be without a setting that this role may not make: a superuser can do so afterwards (${statement})`,
      ),
    );
  } catch (error) {
    if (!isBackupError(error) || signal?.aborted === true) throw error;
    return [
      refuses(
        'trial',
        `a restore of the schema of "${live}" into a side database was tried, and failed: ${firstError(error.message)}`,
      ),
    ];
  } finally {
    // What can't be dropped now is swept as a drill's that was killed.
    await dropDatabases(source, [target.staged]).catch((error: unknown) => {
      if (!isBackupError(error)) throw error;
    });
  }
};

/** Some room is left for everything else that the server keeps. */
const USABLE_SHARE = 0.9;

/** What the server has room for, where it is on this machine and says where its data lies; else that is not ours to see. */
const lookForRoom = async (source: PostgresSource, signal: Signal): Promise<Found[]> => {
  const live = databaseOf(source);
  const [row] = await runSql(
    source,
    `SELECT json_build_array(pg_database_size(current_database()), inet_server_addr() IS NULL,
      (SELECT setting FROM pg_settings WHERE name = 'data_directory'));\n`,
    { database: live, signal },
  );
  const [bytes, isLocal, folder] = row as [number, boolean, string | null];
  if (!isLocal || folder === null || !existsSync(folder)) return [];
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize * USABLE_SHARE;
  return bytes > free
    ? [
        refuses(
          'room',
          `a side database of "${live}" needs ${megabytes(bytes)}, and the server has room for ${megabytes(free)}`,
        ),
      ]
    : [];
};

const lostSentence = (message: string): string =>
  /failed: ([^\n]*)/.exec(message)?.[1] ?? 'no connection came about';

/** Whether this very role could put a database back on its server now. What is tried is taken away again. */
export const postgresObstacles = async (
  source: PostgresSource,
  job: PutBackJob,
): Promise<Looked> => ({ found: await lookAtServer(source, job), room: null });

const lookAtServer = async (source: PostgresSource, job: PutBackJob): Promise<Found[]> => {
  try {
    const found = await lookAtCatalog(source, job.signal);
    if (job.depth === 'quick') return found;
    found.push(...(await lookForRoom(source, job.signal)));
    // Where something is known to be in the way, trying it says less of what.
    const isKnown = found.some(
      ({ kind, severity }) =>
        severity === 'refuses' && ['rights', 'extension', 'owners', 'room'].includes(kind),
    );
    return isKnown ? found : [...found, ...(await tryAside(source, job))];
  } catch (error) {
    if (!isBackupError(error) || job.signal?.aborted === true) throw error;
    return [
      error.code === 'server-lost'
        ? refuses(
            'unreachable',
            `the server does not let us into "${databaseOf(source)}": ${lostSentence(error.message)}`,
          )
        : refuses('trial', `what a restore needs could not be asked: ${firstError(error.message)}`),
    ];
  }
};
