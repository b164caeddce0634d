import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { saysNoTransaction, splitSql } from '../../src/migrations/sql/split-sql.ts';
import { type Dialect, tokensOf } from '../../src/migrations/sql/tokens.ts';

const texts = (sql: string, dialect: Dialect) =>
  splitSql(sql, dialect).statements.map(({ text }) => text);

describe('statements', () => {
  test.each<[Dialect | 'both', string, string[]]>([
    ['both', '', []],
    ['both', ' ;; -- nothing\n/* here */;', []],
    ['both', 'SELECT 1', ['SELECT 1']],
    ['both', 'a; b ;c', ['a', 'b', 'c']],
    ['both', "SELECT ';', 'it''s; so'; b", ["SELECT ';', 'it''s; so'", 'b']],
    ['both', 'SELECT "a;""b" -- c; d\n; e', ['SELECT "a;""b" -- c; d', 'e']],
    ['both', '-- first\na /* ; */ b; c', ['a /* ; */ b', 'c']],
    ['both', "SELECT 'back\\'; b", ["SELECT 'back\\'", 'b']],
    ['sqlite', 'SELECT `a;b`, [c;d]; e', ['SELECT `a;b`, [c;d]', 'e']],
    ['sqlite', 'a /* /* */; b', ['a /* /* */', 'b']],
    ['sqlite', 'SELECT $a; b', ['SELECT $a', 'b']],
    ['sqlite', 'a /* open; b', ['a /* open; b']],
    [
      'sqlite',
      'CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM b; END; c',
      [
        'CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; DELETE FROM b; END',
        'c',
      ],
    ],
    [
      'sqlite',
      'CREATE TABLE trigger (end, begin); UPDATE trigger SET end = 1; c',
      ['CREATE TABLE trigger (end, begin)', 'UPDATE trigger SET end = 1', 'c'],
    ],
    ['postgres', "SELECT E'a\\';b', e'\\\\'; c", ["SELECT E'a\\';b', e'\\\\'", 'c']],
    ['postgres', "SELECT name'x'; b", ["SELECT name'x'", 'b']],
    ['postgres', 'DO $$ a; b $$; c', ['DO $$ a; b $$', 'c']],
    ['postgres', 'DO $f$ $$ ; $g$ ; $f$; c', ['DO $f$ $$ ; $g$ ; $f$', 'c']],
    ['postgres', 'SELECT a$b$, $1; c$$; d', ['SELECT a$b$, $1', 'c$$', 'd']],
    ['postgres', 'a /* x /* ; */ ; */; b', ['a /* x /* ; */ ; */', 'b']],
    ['postgres', "SELECT arr[1]; SELECT '`'; b", ['SELECT arr[1]', "SELECT '`'", 'b']],
    [
      'postgres',
      'CREATE RULE r AS ON UPDATE TO a DO (INSERT INTO b VALUES (1); DELETE FROM c); d',
      ['CREATE RULE r AS ON UPDATE TO a DO (INSERT INTO b VALUES (1); DELETE FROM c)', 'd'],
    ],
    [
      'postgres',
      'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END; e',
      [
        'CREATE OR REPLACE PROCEDURE p() BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END',
        'e',
      ],
    ],
    [
      'postgres',
      'CREATE TABLE t ("end" int, atomic int); SELECT atomic; e',
      ['CREATE TABLE t ("end" int, atomic int)', 'SELECT atomic', 'e'],
    ],
  ])('%s: %j', (dialect, sql, expected) => {
    for (const each of dialect === 'both' ? (['sqlite', 'postgres'] as const) : [dialect])
      expect(texts(sql, each)).toEqual(expected);
  });

  test('know on which line they begin', () => {
    const { statements } = splitSql("-- a\n\nSELECT '\n;\n';\n\n/* b\n */ SELECT 2", 'postgres');
    expect(statements.map(({ line }) => line)).toEqual([3, 8]);
  });

  test.each<[string, string]>([
    ["SELECT 'a", "'"],
    ['SELECT "a', '"'],
    ["SELECT E'a\\'", "'"],
    ['SELECT $a$ $b$', '$a$'],
    ['/* /* */', '/*'],
  ])('that never end are said: %j', (sql, opens) => {
    expect(splitSql(`\n${sql}`, 'postgres').problems).toEqual([
      `a ${opens} that is opened on line 2 and never closed`,
    ]);
  });
});

/** Pieces with a semicolon in each place where none ends a statement. */
const pieces = (dialect: Dialect) =>
  fc.oneof(
    fc.constantFrom('SELECT', 'end', 'CASE', '1e5', ',', 'x.y', '(a)', '=', '-', '/', ':', '*'),
    fc.string().map((text) => `'${text.replaceAll("'", "''")}'`),
    fc.string().map((text) => `"${text.replaceAll('"', '""')}"`),
    fc.string().map((text) => `--${text.replaceAll('\n', ' ')};\n`),
    fc.string().map((text) => `/*;${text.replaceAll(/[*/]/g, ' ')}*/`),
    ...(dialect === 'sqlite'
      ? [fc.string().map((text) => `[;${text.replaceAll(']', '')}]`)]
      : [
          fc.string().map((text) => `$t$;${text.replaceAll('$', '')}$t$`),
          fc.string().map((text) => `E'${text.replaceAll(/[\\']/g, '\\$&')};'`),
          fc.constant('/* ; /* ; */ ; */'),
          fc.constant('(; ;)'),
        ]),
  );

describe.each<Dialect>(['sqlite', 'postgres'])('whatever a file holds (%s)', (dialect) => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({
      unit: fc.constantFrom(
        ...['a', 'E', "'", '"', '`', '[', ']', '$', '-', '/', '*', '\\', ';', '\n', ' ', '('],
      ),
    }),
  );

  test('its tokens are the file, and none is empty', () => {
    fc.assert(
      fc.property(anything, (sql) => {
        const tokens = tokensOf(sql, dialect).map(({ text }) => text);
        expect(tokens.join('')).toBe(sql);
        expect(tokens).not.toContain('');
      }),
    );
  });

  test('a semicolon in a string, a name or a comment ends nothing', () => {
    const statement = fc
      .array(pieces(dialect), { minLength: 1, maxLength: 6 })
      .map((parts) => ['x', ...parts].join(' '));
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 5 }), (statements) => {
        const split = splitSql(statements.join('\n;\n'), dialect);
        expect(split.problems).toEqual([]);
        expect(split.statements.map(({ text }) => text)).toEqual(
          statements.map((one) => one.trimEnd()),
        );
      }),
    );
  });

  test('what was split is not split further', () => {
    fc.assert(
      fc.property(anything, (sql) => {
        for (const { text } of splitSql(sql, dialect).statements)
          expect(texts(text, dialect)).toEqual([text]);
      }),
    );
  });
});

test('SQLite takes the statements one by one as it takes the file', () => {
  const values = fc.oneof(
    fc.string({ unit: 'grapheme-ascii' }).map((text) => `'${text.replaceAll("'", "''")};'`),
    fc.integer().map(String),
    fc.constant('CASE WHEN 1 THEN 2 END'),
    fc.constant('(SELECT 1 /* ; */ -- ;\n)'),
  );
  const statement = fc.oneof(
    values.map((value) => `INSERT INTO a (end) VALUES (${value})`),
    fc
      .nat({ max: 1e6 })
      .map(
        (id) =>
          `CREATE TRIGGER IF NOT EXISTS t${id} AFTER INSERT ON a WHEN NEW.end = ${id} BEGIN INSERT INTO b VALUES (NEW.end); DELETE FROM a WHERE end = ';'; END`,
      ),
  );
  const dump = (run: (db: DatabaseSync) => void) => {
    const db = new DatabaseSync(':memory:');
    db.exec('CREATE TABLE a (end); CREATE TABLE b (n)');
    run(db);
    const found = ['SELECT * FROM a', 'SELECT * FROM b', 'SELECT sql FROM sqlite_schema'].map(
      (sql) => db.prepare(sql).all(),
    );
    db.close();
    return found;
  };
  fc.assert(
    fc.property(fc.array(statement, { maxLength: 6 }), (statements) => {
      const file = statements.join(';\n');
      const one = texts(file, 'sqlite');
      expect(one).toHaveLength(statements.length);
      expect(
        dump((db) => {
          for (const sql of one) db.exec(sql);
        }),
      ).toEqual(dump((db) => db.exec(file)));
    }),
    { numRuns: 40 },
  );
});

test.each<[string, boolean]>([
  ['-- no-transaction\nVACUUM', true],
  ['-- what\n--no-transaction  \nVACUUM', true],
  ['VACUUM -- no-transaction', false],
  ['-- no-transactions\nVACUUM', false],
  ["SELECT '\n-- no-transaction\n'", false],
])('a file that runs outside of a transaction says so at its top: %j', (sql, says) => {
  expect(saysNoTransaction(sql, 'postgres')).toBe(says);
});
