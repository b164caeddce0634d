import { describe, expect, test } from 'vitest';
import { forbiddenStatements } from '../../src/migrations/sql/forbidden-statements.ts';

const trigger = `CREATE TRIGGER t AFTER INSERT ON a BEGIN
  UPDATE a SET n = CASE WHEN n > 1 THEN 2 ELSE 3 END WHERE n = 1; DELETE FROM b; END`;

describe('statements that may not be in a migration', () => {
  test.each<[string, string[]]>([
    ['CREATE TABLE a (n); INSERT INTO a VALUES (1)', []],
    ['commit', ['COMMIT']],
    ['CREATE TABLE a (n);\n-- and then\nRollback;', ['ROLLBACK']],
    ['/* BEGIN; */ SELECT 1; -- COMMIT;', []],
    ["INSERT INTO a VALUES ('x; COMMIT; ''y; ROLLBACK;')", []],
    ['CREATE TABLE "COMMIT; " ([x; VACUUM], `y; END`)', []],
    ['SELECT 1;/**/BEGIN IMMEDIATE', ['BEGIN']],
    ['SAVEPOINT a; RELEASE a', ['SAVEPOINT', 'RELEASE']],
    ["ATTACH 'x' AS y; DETACH y; VACUUM; END", ['ATTACH', 'DETACH', 'VACUUM', 'END']],
    ['PRAGMA journal_mode = DELETE', ['PRAGMA journal_mode']],
    ['pragma main.journal_mode(wal)', ['PRAGMA journal_mode']],
    ['PRAGMA foreign_keys=OFF', ['PRAGMA foreign_keys']],
    ['PRAGMA user_version = 3', []],
    [trigger, []],
    [`${trigger}; COMMIT`, ['COMMIT']],
    [`CREATE TEMP${trigger.slice(6)}; COMMIT`, ['COMMIT']],
    ['SELECT 1\0; DROP TABLE a', ['a NUL character']],
    ["SELECT 'open; COMMIT", ["a ' that is opened on line 1 and never closed"]],
    [';;;', []],
    // `end` and `begin` are columns here, as sqlite3 takes them.
    ['CREATE TRIGGER t BEFORE INSERT ON b BEGIN SELECT 1 WHERE NEW.end < NEW.start; END;', []],
    ['CREATE TRIGGER t AFTER INSERT ON b BEGIN INSERT INTO b(start, end) SELECT 1, 2; END;', []],
    ['CREATE TRIGGER t AFTER INSERT ON b WHEN NEW.begin > 1 BEGIN SELECT 1; END; END', ['END']],
    [
      'CREATE TRIGGER t AFTER INSERT ON b BEGIN SELECT 1; /* and */ END /* here */; COMMIT',
      ['COMMIT'],
    ],
    ['CREATE TABLE b (start, end); UPDATE b SET end = 1; COMMIT', ['COMMIT']],
    [
      'CREATE TRIGGER IF NOT EXISTS t AFTER DELETE ON b BEGIN DELETE FROM c; END; VACUUM',
      ['VACUUM'],
    ],
  ])('%j', (sql, found) => {
    expect(forbiddenStatements(sql, 'sqlite')).toEqual(found);
  });

  test.each<[string, string[]]>([
    ['CREATE INDEX i ON a (n); UPDATE a SET n = 1;', []],
    ['start transaction; SELECT 1; commit', ['START', 'COMMIT']],
    ['DO $$ BEGIN PERFORM 1; COMMIT; END $$', []],
    ['CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; END; ABORT', ['ABORT']],
    ['PREPARE q AS SELECT 1', []],
    ["PREPARE TRANSACTION 'x'", ['PREPARE TRANSACTION']],
    [
      'CREATE INDEX CONCURRENTLY i ON a (n)',
      ['CREATE … CONCURRENTLY, which needs -- no-transaction'],
    ],
    ['-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS i ON a (n)', []],
    [
      '-- no-transaction\nVACUUM; VACUUM',
      ['2 statements under -- no-transaction, where one may stand'],
    ],
    [
      'CREATE TABLE a (n int); -- no-transaction\nVACUUM',
      ['VACUUM, which needs -- no-transaction'],
    ],
    ['\\! rm -rf /', ['a command of psql (\\…)']],
    ["SELECT E'a\\'; COMMIT'", []],
    ['COPY a FROM STDIN; 1', ['COPY … FROM STDIN']],
    ['SELECT $x$ never closed', ['a $x$ that is opened on line 1 and never closed']],
    ['/* a /* b */', ['a /* that is opened on line 1 and never closed']],
  ])('of PostgreSQL: %j', (sql, found) => {
    expect(forbiddenStatements(sql, 'postgres')).toEqual(found);
  });

  test('of SQLite, what runs in no transaction may stand alone', () => {
    expect(forbiddenStatements('-- no-transaction\nVACUUM', 'sqlite')).toEqual([]);
    expect(forbiddenStatements('-- no-transaction\nPRAGMA journal_mode = WAL', 'sqlite')).toEqual(
      [],
    );
    expect(forbiddenStatements('-- no-transaction\nCOMMIT', 'sqlite')).toEqual(['COMMIT']);
  });
});
