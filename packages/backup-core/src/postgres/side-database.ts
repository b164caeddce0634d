import { createHash } from 'node:crypto';
import { BackupError } from '../errors.ts';
import type { DatabaseTarget } from '../restore/staged-target.ts';
import type { PostgresSource } from '../types.ts';
import { runOnServer, runWhereLetIn } from './on-server.ts';
import { quoteName, quoteText, quoteVariable } from './psql.ts';
import { STATEMENTS_LIKE } from './statements-like.ts';

/** PostgreSQL cuts longer names off without an error (NAMEDATALEN - 1), and two could become one. */
const NAME_BYTES = 63;

const hashOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 20);

/**
 * `<live>_<role>_<id>`; where that is too long, a hash stands for the end of the live name, and for the id only where
 * that is too long itself: a drill's stays, for whoever looks for what was left.
 */
export const sideName = (live: string, role: 'restore' | 'prev' | 'room', id: string): string => {
  const name = `${live}_${role}_${id}`;
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  const withId = `_${hashOf(live)}_${role}_${id}`;
  const end = withId.length < NAME_BYTES ? withId : `_${role}_${hashOf(`${live}\0${id}`)}`;
  const start = Buffer.from(live)
    .subarray(0, NAME_BYTES - end.length)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return start + end;
};

/** Which of the three databases of a restore exist. */
export const databasesThere = async (
  source: PostgresSource,
  { live, staged, previous }: DatabaseTarget,
  signal?: AbortSignal,
): Promise<{ live: boolean; staged: boolean; previous: boolean }> => {
  const rows = await runOnServer(
    source,
    `SELECT to_json(datname) FROM pg_database WHERE datname IN (${[live, staged, previous].map(quoteText).join(', ')});\n`,
    // While they are renamed, the room is where nobody is kept out.
    { also: [roomOf({ live, staged }), staged, previous], signal },
  );
  return {
    live: rows.includes(live),
    staged: rows.includes(staged),
    previous: rows.includes(previous),
  };
};

/** Settings are not the data: what this role may not set is told of, and keeps nothing from being restored. */
const isSetting = (statement: string): boolean => /^ALTER (?:DATABASE|ROLE) /.test(statement);

/** A statement that may fail; where it does, it is printed. */
const attempt = (statement: string): string =>
  `\\set ON_ERROR_STOP off\n${statement};\n\\if :ERROR\nSELECT to_json(${quoteText(statement)}::text);\n\\endif\n\\set ON_ERROR_STOP on\n`;

/**
 * Makes an empty database like the live one.
 *
 * @returns statements that this role may not run: settings that are lost
 * @throws BackupError `not-restorable` where there is no live one, `command-failed` where that is not allowed
 */
export const createLike = async (
  source: PostgresSource,
  { live, staged }: DatabaseTarget,
  signal?: AbortSignal,
): Promise<string[]> => {
  const rows = await runOnServer(
    source,
    `\\set live ${quoteVariable(live)}\n\\set staged ${quoteVariable(staged)}\n${STATEMENTS_LIKE.map((select) => `SELECT to_json(made) FROM (${select}) AS statements(made);\n`).join('')}`,
    { signal },
  );
  if (rows.length === 0)
    throw new BackupError(
      'not-restorable',
      `the database "${live}" of the source "${source.name}" is not on its server: make it (createdb), with the owner and encoding that it should have, and restore again`,
    );
  const sql = rows
    .map(String)
    .map((statement) => (isSetting(statement) ? attempt(statement) : `${statement};\n`));
  const lost = await runOnServer(source, sql.join(''), { signal });
  return lost.map((statement) =>
    String(statement).replaceAll(quoteName(staged), quoteName(live)).replaceAll(staged, live),
  );
};

/** Removes databases, whoever is still in them; those that are gone are as good. */
export const dropDatabases = async (
  source: PostgresSource,
  names: readonly string[],
): Promise<void> => {
  await runOnServer(
    source,
    `SET client_min_messages = warning;\n${names.map((name) => `${endSessions(name)}DROP DATABASE IF EXISTS ${quoteName(name)};\n`).join('')}`,
    { avoid: names },
  );
};

const endSessions = (database: string): string =>
  `SELECT to_json(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ${quoteText(database)} AND pid <> pg_backend_pid();\n`;

/**
 * A database of our own, to rename others from: who is kept out of `postgres` and `template1` owns what it makes. Its
 * name comes of the restore's, so that a later process finds it.
 */
export const roomOf = ({ live, staged }: Pick<DatabaseTarget, 'live' | 'staged'>): string =>
  sideName(live, 'room', hashOf(staged));

export interface Rename {
  readonly from: string;
  readonly to: string;
}

const renaming = (renames: readonly Rename[]): string =>
  [
    ...renames.map(({ from }) => `ALTER DATABASE ${quoteName(from)} ALLOW_CONNECTIONS false;\n`),
    ...renames.map(({ from }) => endSessions(from)),
    'BEGIN;\n',
    ...renames.map(
      ({ from, to }) => `ALTER DATABASE ${quoteName(from)} RENAME TO ${quoteName(to)};\n`,
    ),
    ...renames.map(({ to }) => `ALTER DATABASE ${quoteName(to)} ALLOW_CONNECTIONS true;\n`),
    'COMMIT;\n',
  ].join('');

/**
 * Renames databases in one transaction: all of it is done or nothing. Nobody can be in a database that is renamed, so
 * first the door is shut, then its sessions end; with the names, the doors are opened again.
 */
export const renameDatabases = async (
  source: PostgresSource,
  target: DatabaseTarget,
  renames: readonly Rename[],
): Promise<void> => {
  const avoid = renames.flatMap(({ from, to }) => [from, to]);
  const room = roomOf(target);
  const sql = renaming(renames);
  if ((await runWhereLetIn(source, sql, { avoid, also: [room] })) !== null) return;
  const { live, staged, previous } = target;
  await runOnServer(source, `CREATE DATABASE ${quoteName(room)} TEMPLATE template0;\n`, {
    also: [live, staged, previous],
  });
  await runOnServer(source, sql, { avoid, also: [room] });
};

/** Lets sessions in again, where a rename that was cut off had shut the door. */
export const openDatabase = async (
  source: PostgresSource,
  target: DatabaseTarget,
  name: string,
): Promise<void> => {
  await runOnServer(source, `ALTER DATABASE ${quoteName(name)} ALLOW_CONNECTIONS true;\n`, {
    avoid: [name],
    also: [roomOf(target)],
  });
};
