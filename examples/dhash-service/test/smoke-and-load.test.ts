import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { startHttpServer } from '@dhash/testkit';
import { serve } from '@hono/node-server';
import { expect, it, onTestFinished } from 'vitest';
import { runToEnd } from './support/laid-release.ts';
import {
  exampleFolder,
  goldenPicture,
  madeData,
  openedOn,
  pictureCount,
  release10,
} from './support/service-on-data.ts';

const patience = 60_000;

const served = async () => {
  const base = await madeData('1.0');
  const service = await openedOn(base, release10);
  const server = serve({ fetch: service.app.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => void server.close());
  return { base, ...service, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
};

const smoke = (url: string, version = '1.0') =>
  runToEnd(process.execPath, [join(exampleFolder, 'smoke.js')], {
    ROLLOUT_URL: url,
    ROLLOUT_VERSION: version,
  });
const load = (...args: string[]) =>
  runToEnd(process.execPath, [join(exampleFolder, 'load.js'), ...args], {});

const rowsOf = (base: string) => {
  const db = new DatabaseSync(join(base, 'library.db'));
  const tables = ['library', 'alias', 'low_confidence'];
  const rows = tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all());
  db.close();
  return rows;
};

it(
  'smoke tests pass on a good release and take back all that they add, but not what was there',
  async () => {
    const { base, url, hash } = await served();
    await hash(goldenPicture('tile-1.jpg'));
    const before = rowsOf(base);
    expect(before[2]).toHaveLength(1);
    const { exit, output } = await smoke(url);
    expect(output).toContain('ok   golden 12/12\n');
    expect(output).toMatch(/ok {3}taken back ([1-9]\d?) of \1 queue entries\n/);
    expect(exit).toBe(0);
    expect(rowsOf(base)).toEqual(before);
  },
  patience,
);

it(
  'smoke tests fail on another version',
  async () => {
    const { url } = await served();
    expect(await smoke(url, '1.1')).toMatchObject({
      exit: 1,
      output: expect.stringContaining('FAIL health: version 1.0 runs, expected 1.1'),
    });
  },
  patience,
);

it(
  'smoke tests fail on a hash with one wrong bit, and on a service that is not there',
  async () => {
    const wrong = await startHttpServer((request, response) => {
      const answer =
        request.url === '/hash'
          ? { hash: '0078606464446001', queueId: null }
          : { items: [], length: 0 };
      response.end(JSON.stringify(answer));
    });
    const { exit, output } = await smoke(wrong.url);
    expect(exit).toBe(1);
    expect(output).toContain('card-1.jpg hashes to 0078606464446001, expected 0078606464446000');
    await wrong.close();
    expect((await smoke(wrong.url)).exit).toBe(1);
    expect((await smoke('nowhere')).exit).toBe(2);
  },
  patience,
);

it(
  'load sends real pictures at its rate and counts the answers',
  async () => {
    const { base, url, get } = await served();
    writeFileSync(join(base, 'images', 'broken.png'), 'x');
    const count = 2 * (pictureCount + 1);
    const { exit, output } = await load(
      ...['--url', url, '--folder', join(base, 'images'), '--rate', '34', '--seconds', '1'],
    );
    expect(exit).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      sent: count,
      skipped: 0,
      unanswered: 0,
      statuses: { 200: count - 2, 422: 2 },
      p95Ms: expect.any(Number),
    });
    expect(await get('/metrics/dhash')).toMatchObject({
      total_processed: count,
      extraction_failures_total: 2,
    });
  },
  patience,
);

it.each([
  [['--url', 'x', '--folder', '.'], '--url is to be'],
  [['--url', 'http://127.0.0.1:1'], '--folder is missing'],
  [['--url', 'http://127.0.0.1:1', '--folder', exampleFolder], 'no pictures in'],
  [['--url', 'http://127.0.0.1:1', '--folder', '.', '--rate', '0'], '--rate is to be over 0'],
  [['--nonsense'], 'nonsense'],
])('load refuses %j', async (args, reason) =>
  expect(await load(...args)).toMatchObject({ exit: 2, output: expect.stringContaining(reason) }),
);
