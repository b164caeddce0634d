import { type Statement, saysNoTransaction, splitSql } from './split-sql.ts';
import { type Dialect, tokensOf } from './tokens.ts';

/** First words that leave the transaction a migration runs in. */
const leaving = ['BEGIN', 'START', 'COMMIT', 'END', 'ROLLBACK', 'ABORT', 'SAVEPOINT', 'RELEASE'];

/** Settings of SQLite that live in the file and are undone with the transaction. */
const allowedPragmas = new Set(['USER_VERSION', 'APPLICATION_ID', 'DEFER_FOREIGN_KEYS']);

/** `PREPARE` alone prepares a statement. */
const isPrepared = ([first, second]: readonly string[]): boolean =>
  first === 'PREPARE' && second === 'TRANSACTION';

/** What PostgreSQL itself refuses in a transaction (manual, part VI: "cannot be executed inside a transaction block"). */
const needsNoTransaction = (words: readonly string[]): string | null => {
  const [first = '', second = ''] = words;
  if (words.includes('CONCURRENTLY') && ['CREATE', 'DROP', 'REINDEX'].includes(first))
    return `${first} … CONCURRENTLY`;
  if (first === 'VACUUM') return first;
  const isWhole = ['CREATE', 'DROP'].includes(first) && ['DATABASE', 'TABLESPACE'].includes(second);
  return isWhole || (first === 'ALTER' && second === 'SYSTEM') ? `${first} ${second}` : null;
};

const pragmaOf = ([first, ...rest]: readonly string[]): string | null => {
  if (first !== 'PRAGMA') return null;
  // `PRAGMA main.journal_mode`: the schema's name may come first.
  return rest.find((word) => !['MAIN', 'TEMP'].includes(word)) ?? '';
};

const ofSqlite = ({ words }: Statement, alone: boolean): string | null => {
  const [first = ''] = words;
  if (['ATTACH', 'DETACH'].includes(first)) return first;
  if (first === 'VACUUM') return alone ? null : first;
  const pragma = pragmaOf(words);
  if (pragma === null || allowedPragmas.has(pragma) || alone) return null;
  return `PRAGMA ${pragma.toLowerCase()}`.trim();
};

const ofPostgres = ({ words }: Statement, alone: boolean): string | null => {
  if (words[0] === 'COPY' && words.includes('STDIN')) return 'COPY … FROM STDIN';
  if (isPrepared(words)) return 'PREPARE TRANSACTION';
  const needs = needsNoTransaction(words);
  return needs === null || alone ? null : `${needs}, which needs -- no-transaction`;
};

/** A line for psql, which would run it as a program of its own. */
const holdsPsqlCommand = (sql: string): boolean =>
  tokensOf(sql, 'postgres').some(({ kind, text }) => kind === 'sign' && text === '\\');

/** What a migration may not hold, as a person would name it; empty is good. Pure. */
export const forbiddenStatements = (sql: string, dialect: Dialect): string[] => {
  const alone = saysNoTransaction(sql, dialect);
  const { statements, problems } = splitSql(sql, dialect);
  const found = statements.flatMap((statement) => {
    const [first = ''] = statement.words;
    if (leaving.includes(first)) return [first];
    const what = (dialect === 'sqlite' ? ofSqlite : ofPostgres)(statement, alone);
    return what === null ? [] : [what];
  });
  return [
    ...found,
    ...(alone && statements.length > 1
      ? [`${statements.length} statements under -- no-transaction, where one may stand`]
      : []),
    ...(dialect === 'postgres' && holdsPsqlCommand(sql) ? ['a command of psql (\\…)'] : []),
    // SQLite would stop reading there, and the rest would count as applied.
    ...(sql.includes('\0') ? ['a NUL character'] : []),
    ...problems,
  ];
};
