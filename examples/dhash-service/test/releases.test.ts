import { EventEmitter, once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { decode as decode12 } from '../releases/1.2/decode.ts';
import { openSightings } from '../releases/1.2/sightings.ts';
import { mostInWork } from '../src/hash-picture.ts';
import type { Release } from '../src/index.ts';
import { queueWithMargin } from '../src/low-confidence-queue.ts';
import {
  goldenPicture,
  madeData,
  migrate,
  migrationsOf,
  openedOn,
  pictures,
  type QueueAnswer,
  release10,
} from './support/service-on-data.ts';

const release11: Release = { ...release10, version: '1.1', openQueue: queueWithMargin };
const release12: Release = { ...release11, version: '1.2', decode: decode12, openSightings };
const versions = ['1.0', '1.1', '1.2'] as const;

const filesOf = (version: string) =>
  Object.fromEntries(
    readdirSync(migrationsOf(version)).map((name) => [
      name,
      readFileSync(join(migrationsOf(version), name), 'utf8'),
    ]),
  );
const schemaOf = (db: DatabaseSync) =>
  db.prepare('SELECT sql FROM sqlite_schema WHERE sql NOT NULL ORDER BY name').all();

describe('migrations', () => {
  it.each([
    ['1.0', '1.1'],
    ['1.1', '1.2'],
  ])('of %s are, byte for byte, the first ones of %s', (older, newer) => {
    expect(filesOf(newer)).toMatchObject(filesOf(older));
    expect(Object.keys(filesOf(newer))).toHaveLength(Object.keys(filesOf(older)).length + 2);
  });

  it.each(versions)('of %s each go up and come down again', async (version) => {
    const db = new DatabaseSync(join(await tempFolder(), 'library.db'));
    const files = filesOf(version);
    const ups = Object.keys(files)
      .filter((name) => name.endsWith('.up.sql'))
      .sort();
    const schemas = ups.map((name) => {
      const before = schemaOf(db);
      db.exec(files[name] ?? '');
      return before;
    });
    for (const [step, name] of [...ups.entries()].reverse()) {
      db.exec(files[name.replace('.up.', '.down.')] ?? '');
      expect(schemaOf(db)).toEqual(schemas[step]);
    }
    db.close();
  });
});

it('1.1 keeps the margin of what it queues', async () => {
  const { post, get } = await openedOn(await madeData('1.1'), release11);
  await post('/hash', goldenPicture('die-1.jpg'));
  const { items } = await get<QueueAnswer>('/low-confidence');
  expect(items).toEqual([expect.objectContaining({ margin: expect.any(Number) })]);
});

it('1.0 works on the schema of 1.1 and 1.2, 1.1 does not on that of 1.0', async () => {
  const { post, get } = await openedOn(await madeData('1.2'), release10);
  await post('/hash', goldenPicture('die-1.jpg'));
  expect((await get<QueueAnswer>('/low-confidence')).length).toBe(1);
  await expect(openedOn(await madeData('1.0'), release11)).rejects.toThrow(
    /schema of release 1\.1 .*margin/,
  );
});

it('1.1 finds what 1.0 queued', async () => {
  const base = await madeData('1.0');
  const older = await openedOn(base, release10);
  await older.post('/hash', goldenPicture('die-1.jpg'));
  older.close();
  migrate(join(base, 'library.db'), '1.1', '003');
  const { get } = await openedOn(base, release11);
  expect((await get<QueueAnswer>('/low-confidence')).items).toMatchObject([{ margin: null }]);
});

describe('1.2', () => {
  it('refuses pictures with alpha, which 1.0 takes, and goes on with the others', async () => {
    const base = await madeData('1.2');
    const good = await openedOn(base, release10);
    good.close();
    const { post, get } = await openedOn(base, release12);
    const statuses: number[] = [];
    for (const { bytes } of pictures(base)) statuses.push((await post('/hash', bytes)).status);
    expect(statuses.filter((status) => status === 422)).toHaveLength(4);
    expect(statuses.filter((status) => status === 200)).toHaveLength(12);
    expect(await get('/metrics/dhash')).toMatchObject({ extraction_failures_rate: 25 });
  });

  it('keeps which image it recognised', async () => {
    const base = await madeData('1.2');
    const { post } = await openedOn(base, release12);
    const picture = pictures(base)[0]?.bytes ?? new Uint8Array();
    await post('/hash', picture);
    await post('/hash', goldenPicture('die-1.jpg'));
    const db = new DatabaseSync(join(base, 'library.db'));
    expect(db.prepare('SELECT image_id, distance FROM sighting').all()).toEqual([
      { image_id: 1, distance: 0 },
    ]);
    db.close();
  });

  it('does several times the work of 1.0 on one picture, and lets others in meanwhile', async () => {
    const bytes = goldenPicture('die-3.png');
    let turns = 0;
    let done = false;
    const count = () => {
      turns++;
      if (!done) setImmediate(count);
    };
    setImmediate(count);
    const { width, height } = await decode12(bytes);
    done = true;
    const plain = await release10.decode(bytes);
    expect(width * height).toBe(4 * plain.width * plain.height);
    expect(turns).toBeGreaterThan(height / 24);
  });
});

it('answers 503 rather than take on more than 24 pictures at a time', async () => {
  const base = await madeData('1.0');
  const gate = new EventEmitter().setMaxListeners(mostInWork);
  const filled = await openedOn(base, release10);
  filled.close();
  const waiting: Release = {
    ...release10,
    decode: async (bytes) => {
      await once(gate, 'open');
      return release10.decode(bytes);
    },
  };
  const { app, post } = await openedOn(base, waiting);
  const bytes = goldenPicture('die-2.jpg');
  const taken = Array.from({ length: mostInWork }, () => post('/hash', bytes));
  await new Promise((resolve) => setImmediate(resolve));
  const refused = await post('/hash', bytes);
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  gate.emit('open');
  for (const answer of taken) expect((await answer).status).toBe(200);
  expect(await (await app.request('/metrics')).text()).toContain('\ndhash_refused_total 1\n');
});
