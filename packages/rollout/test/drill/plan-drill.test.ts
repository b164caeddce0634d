import { expect, test } from 'vitest';
import { drillEnvironment } from '../../src/drill/drill-environment.ts';
import { drillPlaces } from '../../src/drill/places.ts';
import { type DrillFacts, planDrill } from '../../src/drill/plan-drill.ts';

const facts: DrillFacts = {
  release: '1.0',
  start: './start.sh',
  startIn: 'where it is laid',
  smoke: 'node smoke.js',
  sources: ['files', 'notes'],
  databases: [],
  dumps: [],
  allowed: [],
  network: 'none',
  isolation: { kind: 'namespaces', prefix: ['unshare'] },
};
const shut = { kind: 'none', why: 'unshare: Operation not permitted' } as const;
const near = { name: 'orders', problems: [], isBySocket: true };
const far = { ...near, isBySocket: false };
const dump = { name: 'cache', problems: [], hasVerify: true };
const down = { ...near, problems: ['psql is not on PATH'] };
const says = (over: Partial<DrillFacts>) => {
  const plan = planDrill({ ...facts, ...over });
  return plan.kind === 'go' ? plan.sentences.join('\n') : `${plan.code}: ${plan.message}`;
};

test.each<[name: string, over: Partial<DrillFacts>, text: RegExp]>([
  ['what it starts', {}, /start release 1\.0 on it, on a free port: \.\/start\.sh \(where it is/],
  ['no variable', {}, /no variable of ours, .*no network but its own loopback; .*read-only/],
  ['which variables', { allowed: ['TZ', 'LANG'] }, /of ours TZ, LANG,/],
  ['all the network', { network: 'allow' }, /ALL the network .*read-only/],
  ['nothing in the way', { network: 'allow', isolation: shut }, /nothing keeps it from the live/],
  ['no start', { start: null, isolation: shut }, /no service is started on it: target\.drill/],
  ['no release', { release: null }, /no service is started on it: the backup names no release/],
  ['no artifact', { startIn: null }, /^drill-no-release: release 1\.0.*neither laid nor/],
  [
    'what is not loaded',
    { dumps: [dump] },
    /read the dump of cache, by its verify .*load it nowhere/,
  ],
  [
    'an unread dump',
    { dumps: [{ ...dump, hasVerify: false }] },
    /SHA-256 alone .*no verify command/,
  ],
  ['no start beside a dump', { dumps: [dump] }, /no service is started on it: it would find cache/],
  ['a dump alone', { sources: [], dumps: [dump] }, /^read the dump of cache/],
  [
    'a command not there',
    { dumps: [{ ...dump, problems: ['no x'] }] },
    /^database-not-.*cache: no x/,
  ],
  ['a scratch database', { databases: [near] }, /folder, orders into a scratch database/],
  ['that a socket takes no network', { databases: [near] }, /start release 1\.0 on it/],
  ['a server too far', { databases: [far] }, /no service is started .*\/var\/run\/postgresql/],
  ['a server, allowed', { databases: [far], network: 'allow' }, /start release 1\.0 on it/],
  ['a server not ready', { databases: [down] }, /^database-not-ready: .*orders: psql is not/],
  ['no isolation', { isolation: shut }, /^drill-not-isolated: .*Operation not permitted.*mail/],
])('a plan says %s', (_, over, text) => {
  expect(says(over)).toMatch(text);
});

test('restored data is laid out as the live data is', () => {
  const at = (...paths: string[]) =>
    drillPlaces(
      '/s',
      paths.map((path, i) => ({ name: `${i}`, path })),
    ).map(({ path }) => path);
  expect(at('/var/p/images', '/var/p/library.db')).toEqual(['/s/images', '/s/library.db']);
  expect(at('/srv/app/files', '/srv/app/db/notes.db')).toEqual(['/s/files', '/s/db/notes.db']);
  expect(at('/srv/a/x', '/var/b/x')).toEqual(['/s/srv/a/x', '/s/var/b/x']);
  expect(at('/srv/only.db')).toEqual(['/s/only.db']);
});

test('what is allowed and not set is not there; a fact of the drill beats a variable of that name', () => {
  const env = drillEnvironment(
    {
      ...{ env: 'production', url: 'http://127.0.0.1:1', id: 'drill-1', release: '1.0' },
      ...{ scratch: '/s', restored: [{ name: 'my-notes', at: '/s/data/notes.db' }] },
      allowed: ['TZ', 'MISSING', 'ROLLOUT_URL'],
    },
    { TZ: 'UTC', SECRET: 'canary', ROLLOUT_URL: 'http://production', PATH: '/bin' },
  );
  expect(env).toMatchObject({ TZ: 'UTC', PATH: '/bin', ROLLOUT_URL: 'http://127.0.0.1:1' });
  expect(env).toMatchObject({ ROLLOUT_DATA: '/s/data', ROLLOUT_DATA_MY_NOTES: '/s/data/notes.db' });
  expect(Object.keys(env)).not.toContain('SECRET');
  expect(Object.keys(env)).not.toContain('MISSING');
});

test('a variable that leads to the live database leads to the scratch one, however it is spelled', () => {
  const live = 'postgresql://shop:pw@/shop?host=/run/pg';
  const at = 'postgresql://shop:pw@/shop_restore_drill-1?host=/run/pg';
  const allowed = ['ORDERS_URL', 'READER_URL', 'OTHER_URL'];
  const env = drillEnvironment(
    {
      ...{ env: 'production', url: 'http://127.0.0.1:1', id: 'drill-1', release: '1.0' },
      ...{ scratch: '/s', restored: [{ name: 'orders', at, live }], allowed },
    },
    {
      ORDERS_URL: live,
      READER_URL: 'postgres://reader@/shop?host=/run/pg',
      OTHER_URL: 'postgres://reader@/other?host=/run/pg',
    },
  );
  expect(env).toMatchObject({ ORDERS_URL: at, READER_URL: at, ROLLOUT_DATA_ORDERS: at });
  expect(env).toMatchObject({ OTHER_URL: 'postgres://reader@/other?host=/run/pg' });
});
