import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { runToEnd } from './support/laid-release.ts';
import { exampleFolder } from './support/service-on-data.ts';

const init = (env: Record<string, string>) =>
  runToEnd(process.execPath, [join(exampleFolder, 'init.js')], {
    ROLLOUT_ENV: '',
    DHASH_DATA: '',
    ...env,
  });

const digestOf = (folder: string) => {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder).sort())
    hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
};

it('makes the same 300 pictures each time, a quarter with alpha, and an empty library in WAL mode, once', async () => {
  const [first, second] = [await tempFolder(), await tempFolder()];
  expect(await init({ DHASH_DATA: first })).toMatchObject({
    exit: 0,
    output: expect.stringContaining('made 300'),
  });
  expect((await init({ DHASH_DATA: second })).exit).toBe(0);
  const images = join(first, 'images');
  const names = readdirSync(images);
  expect(names).toHaveLength(300);
  expect(digestOf(images)).toBe(digestOf(join(second, 'images')));
  expect(new Set(names.map((name) => name.replace(/-.*/, '')))).toEqual(
    new Set(['card', 'token', 'die', 'tile']),
  );
  const alpha = await Promise.all(
    names.map(async (name) => (await sharp(join(images, name)).metadata()).hasAlpha),
  );
  expect(alpha.filter(Boolean)).toHaveLength(72);

  const db = new DatabaseSync(join(first, 'library.db'));
  expect(db.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  expect(db.prepare('SELECT count(*) AS tables FROM sqlite_schema').get()).toEqual({ tables: 0 });
  db.exec('CREATE TABLE kept (x)');
  db.close();
  expect(await init({ DHASH_DATA: first })).toMatchObject({
    exit: 0,
    output: expect.stringMatching(/^kept .*\nkept /),
  });
  expect(new DatabaseSync(join(first, 'library.db')).prepare('SELECT * FROM kept').all()).toEqual(
    [],
  );
}, 120_000);

it.each(['', '../x', '/etc'])('refuses the environment %j', async (name) =>
  expect(await init({ ROLLOUT_ENV: name })).toMatchObject({
    exit: 1,
    output: expect.stringContaining('set ROLLOUT_ENV'),
  }),
);
