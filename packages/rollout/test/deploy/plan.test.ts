import { describe, expect, it } from 'vitest';
import { type DeployFacts, type DeployOptions, planDeploy } from '../../src/deploy/plan.ts';

const facts: DeployFacts = {
  service: 'dhash',
  env: 'production',
  url: 'http://127.0.0.1:5001',
  version: '1.1',
  current: '1.0',
  artifactExists: true,
  canGoBack: true,
  data: [
    { name: 'images', path: '/srv/images', exists: true },
    { name: 'library', path: '/srv/library.db', exists: true },
  ],
  newest: null,
  rolledBackBy: null,
  portTakenAt: null,
  alreadyBroken: [],
  blind: [],
  gateNames: ['healthFailures', 'p95HashTime'],
  watch: { durationMs: 3_600_000, onBreak: 'rollback', fingerprint: 'f', warnings: [] },
  migrations: { pending: ['002_tags'], withoutDown: [], online: false, trial: null },
  databases: [],
  rollbackData: 'restore',
  drill: null,
  hasSmoke: true,
  channels: [],
  requireChannels: 0,
};
const options: DeployOptions = {
  backupFirst: false,
  supersede: false,
  retryVersion: false,
  reason: null,
  disarm: [],
  expect: [],
};
const fresh = {
  current: null,
  data: facts.data.map((source) => ({ ...source, exists: false })),
} satisfies Partial<DeployFacts>;

const stepsFor = (changed: Partial<DeployFacts>, asked: Partial<DeployOptions> = {}) => {
  const plan = planDeploy({ ...facts, ...changed }, { ...options, ...asked });
  if (plan.kind !== 'go') throw new Error(plan.message);
  return plan.steps.join(' ');
};

describe('the steps of a deploy', () => {
  it.each<[string, Partial<DeployFacts>, Partial<DeployOptions>, string]>([
    [
      'an offline migration gets a second backup after the stop',
      {},
      {},
      'backup lay stop backup-stopped migrate activate start health smoke',
    ],
    [
      'an online migration does not stop the service for it',
      { migrations: { pending: ['002_tags'], withoutDown: [], online: true, trial: null } },
      {},
      'backup lay stop backup-stopped migrate activate start health smoke',
    ],
    [
      'nothing pending: the backup of the stop is the way back all the same',
      { migrations: { pending: [], withoutDown: [], online: false, trial: null } },
      {},
      'backup lay stop backup-stopped activate start health smoke',
    ],
    [
      'data kept and no flag: no backup',
      { rollbackData: 'keep', migrations: null },
      {},
      'lay stop activate start health smoke',
    ],
    [
      'data kept, but asked for',
      { rollbackData: 'keep', migrations: null },
      { backupFirst: true },
      'backup lay stop backup-stopped activate start health smoke',
    ],
    [
      'a drill of each backup, none while the service is down',
      { drill: { kind: 'go', starts: '1.0', sentences: [] } },
      {},
      'backup drill lay stop backup-stopped migrate activate start health smoke drill-stopped',
    ],
    [
      'a drill after the stop only where a migration may have changed what it holds',
      { drill: { kind: 'go', starts: '1.0', sentences: [] }, migrations: null },
      {},
      'backup drill lay stop backup-stopped activate start health smoke',
    ],
    [
      'no smoke tests',
      { hasSmoke: false, migrations: null },
      {},
      'backup lay stop backup-stopped activate start health',
    ],
    [
      'a first deploy backs up after its smoke tests',
      fresh,
      {},
      'init lay migrate activate start health smoke backup-after',
    ],
    [
      'data without a release is backed up, and nothing is stopped',
      { current: null, migrations: null },
      {},
      'backup lay activate start health smoke',
    ],
  ])('%s', (_, changed, asked, expected) => {
    expect(stepsFor(changed, asked)).toBe(expected);
  });
});

describe('a deploy is refused', () => {
  const open = { run: 'r1', version: '1.0', closed: false };
  it.each<[string, Partial<DeployFacts>, Partial<DeployOptions>, string, number]>([
    ['without an artifact', { artifactExists: false }, {}, 'no-artifact', 2],
    [
      'of a version that was rolled back',
      { rolledBackBy: { run: 'r0', at: 'then' } },
      {},
      'rolled-back-before',
      2,
    ],
    ['with --retry-version but no reason', {}, { retryVersion: true }, 'reason-missing', 2],
    ['with an unknown gate to disarm', {}, { disarm: ['p95'], reason: 'r' }, 'unknown-gate', 2],
    [
      'where part of the data is missing',
      {
        current: null,
        data: [
          { name: 'a', path: '/a', exists: true },
          { name: 'b', path: '/b', exists: false },
        ],
      },
      {},
      'data-missing',
      2,
    ],
    [
      'where the active release has lost its data',
      { data: facts.data.map((source) => ({ ...source, exists: false })) },
      {},
      'data-missing',
      2,
    ],
    [
      'where there is no way back to the active release',
      { canGoBack: false },
      {},
      'nothing-to-go-back-to',
      2,
    ],
    [
      'where another program has the port',
      { ...fresh, portTakenAt: 'http://127.0.0.1:5001' },
      {},
      'port-taken',
      2,
    ],
    [
      'where a gate is beyond already',
      { alreadyBroken: [{ gate: 'p95HashTime', sentence: 'p95HashTime broke: 3 s' }] },
      {},
      'already-broken',
      2,
    ],
    [
      'where a gate can not be judged',
      { blind: [{ gate: 'p95HashTime', sentence: 'p95HashTime: hash_seconds is not there' }] },
      {},
      'gate-blind',
      2,
    ],
    ['with an unknown gate to expect', {}, { expect: ['p95'] }, 'unknown-gate', 2],
    [
      'where a migration could never be undone',
      {
        rollbackData: 'keep',
        migrations: { pending: ['003_x'], withoutDown: ['003_x'], online: false, trial: null },
      },
      {},
      'no-way-down',
      2,
    ],
  ])('%s', (_, changed, asked, code, exit) => {
    const plan = planDeploy({ ...facts, ...changed }, { ...options, ...asked });
    expect(plan).toMatchObject({ kind: 'refused', code, exit });
  });

  it.each<[string, Partial<DeployFacts>, Partial<DeployOptions>]>([
    ['--supersede goes over an open run', { newest: open }, { supersede: true }],
    ['a closed run holds nothing back', { newest: { ...open, closed: true } }, {}],
    [
      '--retry-version with a reason',
      { rolledBackBy: { run: 'r0', at: 'then' } },
      { retryVersion: true, reason: 'fixed' },
    ],
    [
      '--disarm of the broken gate',
      { alreadyBroken: [{ gate: 'p95HashTime', sentence: 's' }] },
      { disarm: ['p95HashTime'], reason: 'known' },
    ],
  ])('but not: %s', (_, changed, asked) => {
    expect(planDeploy({ ...facts, ...changed }, { ...options, ...asked }).kind).toBe('go');
  });
});

it('says in words what a first deploy has not', () => {
  const plan = planDeploy({ ...facts, ...fresh }, options);
  if (plan.kind !== 'go') throw new Error(plan.message);
  expect(plan.sentences[0]).toContain('nothing to back up or to go back to');
  expect(plan.previous).toBeNull();
});

it('names the run that is superseded', () => {
  const newest = { run: 'r1', version: '1.0', closed: false };
  expect(planDeploy({ ...facts, newest }, { ...options, supersede: true })).toMatchObject({
    supersedes: 'r1',
  });
});

it('refuses before anything is touched where a database on a server is not ready', () => {
  const orders = { name: 'orders', problems: ['psql is not on PATH'] };
  const plan = planDeploy({ ...facts, databases: [orders] }, options);
  expect(plan).toMatchObject({
    kind: 'refused',
    code: 'database-not-ready',
    message: "data can't be backed up, or put back: orders: psql is not on PATH",
  });
});

it('refuses where its drill would be refused, and backs it up before a first release', () => {
  const drill = { kind: 'refused', code: 'drill-no-release', message: 'm', hints: [] } as const;
  expect(planDeploy({ ...facts, drill }, options)).toMatchObject({ code: 'drill-no-release' });
  const databases = [{ name: 'orders', problems: [] }];
  expect(stepsFor({ current: null, data: [], databases })).toMatch(/^backup /);
  // With files that are still to be made, it is a first release all the same, and says what that means.
  expect(stepsFor({ ...fresh, databases })).toMatch(/^init .* backup-after$/);
  const plan = planDeploy({ ...facts, ...fresh, databases }, options);
  expect(plan.kind === 'go' && plan.sentences[1]).toContain('what init does to it is not undone');
});
