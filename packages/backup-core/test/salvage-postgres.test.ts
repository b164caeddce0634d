import { sharedPostgres, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { readTables, salvaging } from './support/salvaging.ts';

const server = sharedPostgres();

const SCHEMA = `
CREATE SCHEMA "Sales ""x";
CREATE TYPE mood AS ENUM ('ok', 'it''s bad');
CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, mail text, UNIQUE (mail));
CREATE TABLE "a orders" (id serial PRIMARY KEY, customer bigint REFERENCES customers, above int REFERENCES "a orders",
  note text, twice text GENERATED ALWAYS AS (note || note) STORED, at timestamptz, data jsonb, bytes bytea, tags text[], feeling mood,
  CHECK (note <> 'bad'));
CREATE TABLE "Sales ""x"."ö,(t" ("k ""1" numeric, "k,2" text COLLATE "C", v double precision, PRIMARY KEY ("k ""1", "k,2"));
CREATE TABLE log (line text);
CREATE TABLE empty (id int PRIMARY KEY);
INSERT INTO customers (mail) VALUES ('a');
INSERT INTO "a orders" (customer, note) VALUES (1, 'old'), (1, 'old');
INSERT INTO log VALUES ('same');
`;

const SINCE = `
INSERT INTO customers (mail) VALUES (NULL), (NULL), ('taken');
INSERT INTO "a orders" (id, customer, above, note, at, data, bytes, tags, feeling) VALUES
  (10, 2, 11, E'tab\\tnew\\nline \\\\. and \\\\N, it''s', '2026-01-31 12:00:00.123+02', '{"a": "ä"}', '\\x00ff0a', ARRAY['x,y', NULL], 'it''s bad'),
  (11, 1, NULL, 'ä', NULL, NULL, NULL, NULL, NULL), (12, 4, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (13, 99, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
UPDATE "a orders" SET note = 'changed' WHERE id = 2;
INSERT INTO "Sales ""x"."ö,(t" VALUES (1.50, 'x', 'NaN'), (2, '', 0.1);
INSERT INTO log VALUES ('same'), (NULL), ('');
ALTER TABLE log ADD COLUMN level text; UPDATE log SET level = 'info';
CREATE TABLE coupons (code text);
`;

const sql = (text: string, role = 'shop') => server.sql('app', text, role);

const history = async (encoding: 'UTF8' | 'SQL_ASCII') => {
  await server.sql('postgres', 'CREATE ROLE shop LOGIN NOSUPERUSER CREATEDB');
  await server.sql(
    'postgres',
    `CREATE DATABASE app OWNER shop TEMPLATE template0 ENCODING '${encoding}' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  await server.sql('postgres', "ALTER DATABASE app SET TimeZone TO 'Asia/Tokyo'");
  await sql('GRANT ALL ON SCHEMA public TO shop', 'postgres');
  const write = (text: string) => sql(text);
  await write(SCHEMA);
  const root = await tempFolder();
  const tools = salvaging(root, [
    { name: 'shop', type: 'postgres', url: server.url('app', 'shop') },
  ]);
  const base = await tools.backUp();
  await write('ALTER TABLE "a orders" DROP CONSTRAINT "a orders_customer_fkey"');
  await write(SINCE);
  const copy = await tools.backUp();
  await write(
    `DROP SCHEMA "Sales ""x" CASCADE; DROP TABLE "a orders", customers, log, empty, coupons; DROP TYPE mood`,
  );
  await write(SCHEMA);
  await write(`INSERT INTO customers (id, mail) OVERRIDING SYSTEM VALUE VALUES (77, 'taken')`);
  await server.sql('postgres', 'ALTER ROLE shop SET default_transaction_read_only TO on');
  return { base, copy, ...tools };
};

it('sorts, puts in and leaves what stands against something, whatever names and values look like', async () => {
  const { base, copy, find, put } = await history('UTF8');
  const before = await sql('SELECT xmin, id, note FROM "a orders" ORDER BY id');
  const found = await find(copy, base);
  expect(await sql('SELECT xmin, id, note FROM "a orders" ORDER BY id')).toEqual(before);
  expect(found).toMatchObject([{ kind: 'tables', gone: ['coupons'] }]);
  const tables = await readTables(found);
  const orders = tables['"a orders"'];
  expect(orders?.inserts.map(({ id }) => id)).toEqual(['10', '11']);
  expect(orders?.inserts[0]).toMatchObject({
    note: "tab\tnew\nline \\. and \\N, it's",
    above: '11',
  });
  expect(orders?.conflicts.map(([row, why]) => [row['id'], why])).toEqual([
    ['2', 'a live row has the same key and other content'],
    ['12', expect.stringContaining('refers to a row of customers')],
    ['13', expect.stringContaining('refers to a row of customers')],
  ]);
  expect(tables['customers']?.conflicts).toMatchObject([
    [{ mail: 'taken' }, expect.stringContaining('same mail'), null],
  ]);
  expect(tables['log']).toMatchObject({ lacking: { level: 3 } });
  expect(tables['log']?.inserts).toHaveLength(3);
  expect(tables['"Sales ""x"."ö,(t"']?.inserts).toHaveLength(2);

  const wanted = ['customers', '"a orders"', '"Sales ""x"."ö,(t"', 'log', 'empty'];
  const { put: first } = await put(copy, base, wanted);
  expect(first).toMatchObject([
    {
      tables: expect.arrayContaining([
        expect.objectContaining({ table: 'customers', inserted: 2, refused: [] }),
        expect.objectContaining({ table: '"a orders"', inserted: 2, refused: [] }),
        expect.objectContaining({ table: 'log', inserted: 3, refused: [] }),
      ]),
    },
  ]);
  expect(
    await sql(
      `SELECT note, twice = note || note, at = '2026-01-31 10:00:00.123Z', data, bytes, tags, feeling FROM "a orders" WHERE id = 10`,
    ).then((rows) => rows.join('\n')),
  ).toBe(`tab\tnew\nline \\. and \\N, it's|t|t|{"a": "ä"}|\\x00ff0a|{"x,y",NULL}|it's bad`);
  // The next row of the service gets a number of its own.
  expect((await put(copy, base, wanted)).put).toEqual([]);
  expect(
    await sql(`SELECT nextval('"a orders_id_seq"'), nextval('customers_id_seq')`, 'postgres'),
  ).toEqual(['12|78']);
});

it('says what the database says of a row that it refuses, and puts the others in', async () => {
  const { base, copy, put } = await history('SQL_ASCII');
  const write = (text: string) => sql(text, 'postgres');
  await write(`CREATE UNIQUE INDEX ON customers ((coalesce(mail, 'none')))`);
  await write(
    `CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF new.line = '' THEN RETURN NULL; END IF; RETURN new; END $$`,
  );
  await write('CREATE TRIGGER no BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION no()');
  const { found, put: done } = await put(copy, base, ['customers', 'log']);
  expect(found).toMatchObject([
    {
      tables: expect.arrayContaining([
        expect.objectContaining({ table: 'log', notes: [expect.stringContaining('triggers')] }),
      ]),
    },
  ]);
  expect(done).toMatchObject([
    {
      tables: expect.arrayContaining([
        expect.objectContaining({
          table: 'customers',
          inserted: 1,
          refused: [{ cells: expect.anything(), why: expect.stringContaining('unique') }],
        }),
        expect.objectContaining({
          table: 'log',
          inserted: 2,
          refused: [{ cells: [''], why: expect.stringContaining('trigger') }],
        }),
      ]),
    },
  ]);
  expect(await sql('SELECT count(*) FROM log')).toEqual(['3']);
});
