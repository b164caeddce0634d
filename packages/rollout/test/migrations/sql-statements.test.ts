import { describe, expect, test } from 'vitest';
import { forbiddenStatements, statementWords } from '../../src/migrations/sql-statements.ts';

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
    ["SELECT 'open; COMMIT", []],
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
    expect(forbiddenStatements(sql)).toEqual(found);
  });
});

test("a trigger's body belongs to its statement", () => {
  expect(statementWords(`${trigger}; SELECT 1`)).toHaveLength(2);
});
