import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { parseBackupName, renderBackupName } from '../src/backup-name.ts';
import {
  applyPrune,
  type BackupListing,
  type KeepPolicy,
  listBackups,
  planPrune,
} from '../src/index.ts';
import { isoWeek } from '../src/retention/keep-policy.ts';

const listing = (time: string, env = 'production'): BackupListing => {
  const at = Date.parse(`${time}Z`);
  const name = renderBackupName(at, env, null);
  return { file: `/b/${name}`, name, at, env, tag: null, bytes: 1, hasSidecar: true };
};

const TIMES = [
  '2026-03-31T12:00:00',
  '2026-03-31T11:30:00',
  '2026-03-31T11:00:00',
  '2026-03-30T23:00:00',
  '2026-03-29T23:00:00',
  '2026-03-23T08:00:00',
  '2026-02-28T08:00:00',
  '2026-01-31T08:00:00',
  '2025-12-31T08:00:00',
  '2024-12-31T08:00:00',
];
const now = Date.parse('2026-03-31T13:00:00Z');
const none = { now, pinned: new Map<string, string[]>() };

const kept = (keep: KeepPolicy, times = TIMES) => {
  const list = times.map((time) => listing(time));
  const names = new Set(planPrune(list, keep, none).keep.map(({ name }) => name));
  return times.flatMap((_, i) => (names.has(list[i]?.name ?? '') ? [i] : []));
};

// Worked out by hand from restic's rules: per bucket the newest, and the oldest of all while there is count left.
it.each<{ keep: KeepPolicy; stays: number[] }>([
  { keep: { last: 1 }, stays: [0] },
  { keep: { last: 3 }, stays: [0, 1, 2] },
  { keep: { last: -1 }, stays: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] },
  { keep: { hourly: 2 }, stays: [0, 1] },
  { keep: { hourly: 3 }, stays: [0, 1, 3] },
  { keep: { daily: 2 }, stays: [0, 3] },
  { keep: { daily: 3 }, stays: [0, 3, 4] },
  // 2026-03-30 is a Monday: 29 and 23 March are of the week before.
  { keep: { weekly: 2 }, stays: [0, 4] },
  { keep: { weekly: 3 }, stays: [0, 4, 6] },
  { keep: { monthly: 3 }, stays: [0, 6, 7] },
  { keep: { yearly: 2 }, stays: [0, 8] },
  { keep: { yearly: 10 }, stays: [0, 8, 9] },
  { keep: { daily: 1, monthly: 2 }, stays: [0, 6] },
  { keep: { within: '1h' }, stays: [0, 1] },
  { keep: { within: '1d' }, stays: [0, 1, 2, 3] },
  { keep: { within: '1m' }, stays: [0, 1, 2, 3, 4, 5] },
  { keep: { within: '1y2m' }, stays: [0, 1, 2, 3, 4, 5, 6, 7, 8] },
])('keeps $stays by $keep', ({ keep, stays }) => {
  expect(kept(keep)).toEqual(stays);
});

it('keeps the oldest while a rule has count left, and says so', () => {
  const list = ['2026-03-31T12:00:00', '2026-03-30T12:00:00', '2026-03-30T11:00:00'].map((time) =>
    listing(time),
  );
  const { keep } = planPrune(list, { daily: 5 }, none);
  expect(keep.map(({ reasons }) => reasons)).toEqual([
    ['daily', 'newest'],
    ['daily'],
    ['oldest daily'],
  ]);
  expect(planPrune(list, { daily: 2 }, none).keep.length).toBe(2);
});

it('never removes the newest, what is pinned, or anything without a policy', () => {
  const list = TIMES.map((time) => listing(time));
  const pinned = new Map([[list[4]?.name ?? '', ['the run r is open']]]);
  const plan = planPrune(list, { within: '0h', last: 0 }, { now, pinned });
  expect(plan.keep.map(({ reasons }) => reasons)).toEqual([['newest'], ['the run r is open']]);
  const empty = planPrune(list, {}, none);
  expect(empty.remove).toEqual([]);
  expect(empty.warnings).toEqual([expect.stringContaining('nothing is removed')]);
});

it('counts a name from the future for nothing, keeps it and warns', () => {
  const list = [listing('2099-01-01T00:00:00'), ...TIMES.map((time) => listing(time))];
  const plan = planPrune(list, { last: 1 }, none);
  expect(plan.keep.map(({ name }) => name)).toEqual([list[0]?.name, list[1]?.name]);
  expect(plan.warnings).toEqual([expect.stringContaining('from the future')]);
  const tomorrow = [listing('2026-04-01T12:59:59'), listing('2026-03-31T12:00:00')];
  expect(planPrune(tomorrow, { last: 1 }, none).remove.length).toBe(1);
});

it('judges each environment by itself', () => {
  const list = [listing('2026-03-31T12:00:00'), listing('2026-03-30T12:00:00', 'staging')];
  expect(planPrune(list, { last: 1 }, none).remove).toEqual([]);
});

it.each([{ last: 1.5 }, { daily: -2 }, { within: '3 days' }, { within: '' }])(
  'refuses %o',
  (keep) => {
    expect(() => planPrune([], keep, none)).toThrow(/keep\./);
  },
);

it.each([
  ['2021-01-03T00:00:00Z', '2020-W53'],
  ['2021-01-04T00:00:00Z', '2021-W01'],
  ['2024-12-30T00:00:00Z', '2025-W01'],
  ['2026-12-31T00:00:00Z', '2026-W53'],
])('puts %s into %s', (time, week) => {
  expect(isoWeek(Date.parse(time))).toBe(week);
});

it('lists backups newest first, and removes a zip before what lies beside it', async () => {
  const dir = await tempFolder();
  const names = ['2026-03-30T12:00:00', '2026-03-31T12:00:00'].map((time) => listing(time).name);
  for (const name of names) {
    await writeFile(join(dir, name), 'zip');
    await writeFile(join(dir, `${name}.sha256`), 'sidecar');
  }
  await writeFile(join(dir, `${names[0]}.state.json`), '{}');
  await writeFile(join(dir, 'dhash_notes.zip'), 'no backup');
  await mkdir(join(dir, 'incomplete'));
  const list = await listBackups(dir);
  expect(list.map(({ name }) => name)).toEqual([names[1], names[0]]);
  expect(list[0]).toMatchObject({ env: 'production', tag: null, bytes: 3, hasSidecar: true });
  const plan = planPrune(list, { last: 1 }, none);
  expect(await applyPrune(dir, plan)).toEqual([names[0]]);
  expect((await readdir(dir)).sort()).toEqual(
    [names[1], `${names[1]}.sha256`, 'dhash_notes.zip', 'incomplete'].sort(),
  );
  expect(await listBackups(join(dir, 'nowhere'))).toEqual([]);
});

it.each([
  '../dhash_20260330T120000Z_production.zip',
  // What stands for environment and tag of a name may be anything: these lead out of the folder.
  'dhash_20260330T120000Z_production_/../../dhash_20260330T120000Z_other.zip',
  'dhash_20260330T120000Z_..\\..\\dhash_20260330T120000Z_other.zip',
  'notes.zip',
])('removes nothing at all by a plan that names %s', async (name) => {
  const root = await tempFolder();
  const dir = join(root, 'backups');
  await mkdir(dir);
  const good = listing('2026-03-31T12:00:00').name;
  for (const file of [good, 'notes.zip', '../dhash_20260330T120000Z_other.zip'])
    await writeFile(join(dir, file), 'zip');
  const before = await readdir(root, { recursive: true });
  const remove = [good, name].map((each) => ({ name: each, reasons: [] }));
  await expect(applyPrune(dir, { remove })).rejects.toMatchObject({ code: 'bad-option' });
  expect(await readdir(root, { recursive: true })).toEqual(before);
});

it.each([
  ['dhash_20260131T120000Z_production.zip', { env: 'production', tag: null }],
  ['dhash_20260131T120000Z_ci_pre_2.zip', { env: 'ci', tag: 'pre_2' }],
  ['dhash_20261331T120000Z_ci.zip', null],
  ['dhash_20260131T120000Z.zip', null],
  ['incomplete_20260131T120000Z_ci.zip', null],
  ['dhash_20260131T120000Z_ci.zip.sha256', null],
])('reads %s as %o', (name, expected) => {
  const parsed = parseBackupName(name);
  if (expected === null) expect(parsed).toBeNull();
  else expect(parsed).toMatchObject({ ...expected, atMs: Date.UTC(2026, 0, 31, 12) });
});
