import { copyFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { madeData, migrate, openedOn, release10 } from './support/service-on-data.ts';

it('is OK on data that can be read and written, and leaves nothing behind', async () => {
  const base = await madeData('1.0');
  const { app } = await openedOn(base, release10);
  const before = readdirSync(base).sort();
  const answer = await app.request('/health');
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ status: 'OK', version: '1.0' });
  expect(readdirSync(base).sort()).toEqual(before);
});

const inDatabase = (base: string, sql: string) => {
  const db = new DatabaseSync(join(base, 'library.db'));
  db.exec(sql);
  return db;
};

it.each<[string, (base: string) => (() => void) | undefined, RegExp]>([
  [
    'the images are gone',
    (base) => void renameSync(join(base, 'images'), join(base, 'away')),
    /images can not be read: ENOENT/,
  ],
  [
    'an image is empty',
    (base) =>
      void writeFileSync(
        join(base, 'images', readdirSync(join(base, 'images')).sort().at(-1) ?? ''),
        '',
      ),
    /images can not be read: .* is empty/,
  ],
  [
    'the library is gone',
    (base) => void rmSync(join(base, 'library.db')),
    /library can not be read: ENOENT/,
  ],
  [
    'another file took the place of the library',
    (base) => {
      copyFileSync(join(base, 'library.db'), join(base, 'copy.db'));
      renameSync(join(base, 'copy.db'), join(base, 'library.db'));
      return undefined;
    },
    /library can not be read: .* was replaced/,
  ],
  [
    'a table is gone',
    (base) => void inDatabase(base, 'DROP TABLE alias; DROP TABLE library').close(),
    /library can not be read: no such table/,
  ],
  [
    'another program holds the write lock',
    (base) => {
      const db = inDatabase(base, 'BEGIN IMMEDIATE');
      return () => db.close();
    },
    /library can not be written: database is locked/,
  ],
])('says 503 and why where %s', async (_, spoil, reason) => {
  const base = await madeData('1.0');
  const { app, lines } = await openedOn(base, release10);
  const mend = spoil(base);
  try {
    const answer = await app.request('/health');
    expect(answer.status).toBe(503);
    expect(await answer.json()).toEqual({
      status: 'UNAVAILABLE',
      version: '1.0',
      reason: expect.stringMatching(reason),
    });
    expect(lines.at(-1)).toMatchObject({ level: 'error', msg: 'not healthy' });
  } finally {
    mend?.();
  }
});

it('leaves a broken picture out of the library, says so, and is well', async () => {
  const base = await madeData('1.0');
  writeFileSync(join(base, 'images', 'broken.jpg'), 'x');
  const { app, lines } = await openedOn(base, release10);
  expect((await app.request('/health')).status).toBe(200);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'warn', file: 'broken.jpg', code: 'picture-unreadable' }),
  );
});

it('does not open without a library, nor without the schema of its release', async () => {
  const base = await tempFolder();
  await expect(openedOn(base, release10)).rejects.toMatchObject({ code: 'data-missing' });
  new DatabaseSync(join(base, 'library.db')).close();
  await expect(openedOn(base, release10)).rejects.toMatchObject({ code: 'schema-missing' });
  migrate(join(base, 'library.db'), '1.0', '002');
  await expect(openedOn(base, release10)).rejects.toMatchObject({ code: 'schema-missing' });
});
