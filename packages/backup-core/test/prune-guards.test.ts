import { expect, it } from 'vitest';
import { type Bounds, type PrunableBackup, planPrune } from '../src/index.ts';
import { findShrink } from '../src/retention/shrink.ts';

const MB = 1_000_000;

/** Backups `a` (the newest), `b`, `c` … a day apart, 10 MB each. */
const list = (...changes: Partial<PrunableBackup>[]): PrunableBackup[] =>
  changes.map((change, i) => ({
    file: `/b/${'abcdefgh'[i]}`,
    name: `${'abcdefgh'[i]}`,
    at: Date.UTC(2026, 2, 20 - i),
    env: 'production',
    tag: null,
    bytes: 10 * MB,
    hasSidecar: true,
    ...change,
  }));

const now = Date.UTC(2026, 2, 21);

const plan = (backups: PrunableBackup[], keep = { last: 1 }, bounds?: Bounds) => {
  const {
    keep: stays,
    remove,
    warnings,
  } = planPrune(backups, keep, {
    now,
    pinned: new Map(),
    ...(bounds === undefined ? {} : { bounds }),
  });
  return {
    kept: Object.fromEntries(stays.map(({ name, reasons }) => [name, reasons.join('; ')])),
    gone: remove.map(({ name }) => name).join(''),
    why: [...new Set(remove.flatMap(({ reasons }) => reasons))],
    warnings,
  };
};

it('keeps the newest verified and the newest proven, however old', () => {
  const backups = list(
    {},
    {},
    { isVerified: true },
    { isVerified: true },
    { isProven: true },
    { isProven: true },
  );
  expect(plan(backups)).toMatchObject({
    kept: { a: 'last; newest', c: 'newest verified', e: 'newest proven' },
    gone: 'bdf',
  });
});

it('keeps all that is older than one that shrank, and it, and removes what is newer', () => {
  const shrunken = list({}, {}, { isShrunken: true }, {}, { isShrunken: true }, {});
  expect(plan(shrunken)).toMatchObject({
    kept: {
      a: 'last; newest',
      c: 'shrank, and nobody accepted that',
      d: 'older than c, which shrank',
      e: 'older than c, which shrank; shrank, and nobody accepted that',
      f: 'older than e, which shrank',
    },
    gone: 'b',
  });
  expect(plan(shrunken).warnings).toHaveLength(2);
});

it('counts what nobody can rely on for nothing: the one before it is the newest', () => {
  const { kept, gone, warnings } = plan(list({ unusable: 'has no sidecar' }, {}, {}));
  expect(kept).toEqual({ a: 'has no sidecar', b: 'last; newest' });
  expect(gone).toBe('c');
  expect(warnings).toEqual([expect.stringContaining('a has no sidecar')]);
});

const all = { last: 9 };
const bounds = (change: Partial<Bounds>): Bounds => ({
  maxBytes: null,
  minFreeBytes: null,
  freeBytes: 100 * MB,
  ...change,
});

it.each([
  { maxBytes: 60 * MB, gone: '' },
  { maxBytes: 60 * MB - 1, gone: 'f' },
  { maxBytes: 30 * MB, gone: 'def' },
  { maxBytes: 1, gone: 'bcdef' },
])('bounds six of 10 MB by maxBytes $maxBytes', ({ maxBytes, gone }) => {
  const bounded = plan(list({}, {}, {}, {}, {}, {}), all, bounds({ maxBytes }));
  expect(bounded.gone).toBe(gone);
  expect(bounded.warnings).toHaveLength(maxBytes === 1 ? 1 : 0);
});

it.each([
  { free: 20, gone: '', warns: 0 },
  { free: 19, gone: 'f', warns: 0 },
  { free: 0, gone: 'ef', warns: 0 },
])('leaves 20 MB free where $free are', ({ free, gone, warns }) => {
  const change = { minFreeBytes: 20 * MB, freeBytes: free * MB };
  const bounded = plan(list({}, {}, {}, {}, {}, {}), all, bounds(change));
  expect(bounded.gone).toBe(gone);
  expect(bounded.warnings).toHaveLength(warns);
});

it('counts what goes by the rules, and by maxBytes, as freed already', () => {
  const six = () => list({}, {}, {}, {}, {}, {});
  const change = { minFreeBytes: 20 * MB, freeBytes: 0 };
  expect(plan(six(), { last: 4 }, bounds(change)).why).toEqual(['no rule keeps it']);
  const both = plan(six(), all, bounds({ ...change, maxBytes: 40 * MB }));
  expect(both.gone).toBe('ef');
});

it('gives none up for a minFree out of reach, and never one that must stay', () => {
  const change = { minFreeBytes: 51 * MB, freeBytes: 0 };
  const out = plan(list({}, {}, {}, {}, {}, {}), all, bounds(change));
  expect(out.gone).toBe('');
  expect(out.warnings).toEqual([expect.stringContaining('something else fills the disk')]);
  const within = plan(
    list({}, {}, {}, {}, {}, {}),
    all,
    bounds({ ...change, minFreeBytes: 50 * MB }),
  );
  expect(within.gone).toBe('bcdef');
  const guarded = list({}, {}, { isProven: true }, {}, {}, { isProven: true });
  expect(plan(guarded, all, bounds({ maxBytes: 1 })).gone).toBe('bdef');
});

it('bounds without a policy too', () => {
  const bounded = plan(list({}, {}, {}), {} as { last: number }, bounds({ maxBytes: 20 * MB }));
  expect(bounded).toMatchObject({ gone: 'c', warnings: [], kept: { b: 'no policy' } });
});

const amounts = (entries: number, bytes: number, rows: number | null, name = 'a') => ({
  name,
  entries,
  bytes,
  rows,
});

it.each([
  ['half of each, which may be', amounts(5, 50, 5), []],
  ['less than half of the entries', amounts(4, 50, 5), ['entries']],
  ['less than half of the bytes', amounts(5, 49, 5), ['bytes']],
  ['less than half of the rows', amounts(5, 50, 4), ['rows']],
  ['no rows to count any more', amounts(5, 50, null), ['rows']],
  ['the source gone', amounts(10, 100, 10, 'b'), ['bytes', 'entries', 'rows']],
])('finds %s', (_, after, found) => {
  expect(findShrink([amounts(10, 100, 10)], [after], 0.5).map(({ what }) => what)).toEqual(found);
});

it('finds nothing in what was empty, and all but everything at 100 %', () => {
  expect(findShrink([amounts(0, 0, null)], [amounts(0, 0, null)], 0.5)).toEqual([]);
  expect(findShrink([amounts(10, 100, 10)], [], 1)).toEqual([]);
  expect(findShrink([amounts(10, 100, 10)], [amounts(9, 100, 10)], 0)).toHaveLength(1);
});
