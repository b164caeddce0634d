import { expect, test } from 'vitest';
import { environmentConfig, isConfigError } from '../../src/config/load-config.ts';
import { parseConfig } from '../../src/config/parse-config.ts';
import { parseDays, parsePercent, parseSize } from '../../src/config/size.ts';

const open = (top: string, own = '') =>
  environmentConfig(
    parseConfig(
      `service: dhash
gates: gates.json
${top}
environments:
  production:
    url: http://127.0.0.1:9
    health: { path: /health }
    target: { type: command, current: c, activate: a, start: s, stop: t }
    rollback: { data: restore }
    ${own}
`,
      '/srv/rollout.yaml',
    ),
    'production',
    {},
  );

const DAY_MS = 86_400_000;

test('without a word every backup stays, half may go missing unnoticed, and other things age', () => {
  expect(open('')).toMatchObject({
    backup: { keep: {}, bounds: { maxBytes: null, minFree: null }, maxShrink: 0.5 },
    keepFor: {
      safety: 30 * DAY_MS,
      incomplete: 7 * DAY_MS,
      incidents: 365 * DAY_MS,
      monitorLogs: 90 * DAY_MS,
    },
  });
});

test("an environment's own words go before those of the file", () => {
  const top = `backup: { keep: { last: 3, within: 1y2m, withinHourly: 2d }, maxBytes: 20GB, minFree: 15%, maxShrink: 10% }
keepFor: { incidents: forever, safety: 3d }`;
  expect(open(top).backup).toMatchObject({
    keep: { last: 3, within: '1y2m', withinHourly: '2d' },
    bounds: { maxBytes: 20e9, minFree: { ratio: 0.15 } },
    maxShrink: 0.1,
  });
  expect(open(top).keepFor).toMatchObject({ incidents: null, safety: 3 * DAY_MS });
  const own = open(top, 'backup: { keep: { last: -1 }, minFree: 1.5 GiB, maxShrink: 0% }');
  expect(own.backup).toMatchObject({
    keep: { last: -1 },
    bounds: { maxBytes: 20e9, minFree: { bytes: 1.5 * 2 ** 30 } },
    maxShrink: 0,
  });
});

test.each([
  ['backup: { minFree: 15 }', 'backup.minFree', /must be a percentage or a size: 15%, 20GB/],
  ['backup: { maxBytes: 20G }', 'backup.maxBytes', /must be a size with a unit: 500MB/],
  ['backup: { maxShrink: 0.5 }', 'backup.maxShrink', /must be/],
  ['backup: { maxShrink: 101% }', 'backup.maxShrink', /must be a percentage: 15%/],
  ['backup: { keep: { daily: -2 } }', 'backup.keep.daily', /must be a number, or -1 for all/],
  ['backup: { keep: { within: 3 days } }', 'backup.keep.within', /must be a span like 1y2m3d4h/],
  ['backup: { keep: { within: "" } }', 'backup.keep.within', /must be a span like 1y2m3d4h/],
  ['backup: { keep: { hourli: 2 } }', 'backup.keep.hourli', /did you mean "hourly"/],
  ['keepFor: { safety: 30 }', 'keepFor.safety', /must be/],
  ['keepFor: { safety: 0d }', 'keepFor.safety', /must be days or forever: 30d, forever/],
  ['keepFor: { rollouts: 30d }', 'keepFor.rollouts', /unknown key/],
])('%s is refused with its place', (top, path, says) => {
  try {
    open(top);
  } catch (error) {
    if (!isConfigError(error)) throw error;
    expect(error.issues[0]).toMatchObject({ line: 3, path });
    expect(`${error.issues[0]?.message} ${error.issues[0]?.hint}`).toMatch(says);
    return;
  }
  expect.unreachable('nothing was wrong');
});

test.each([
  ['500B', 500],
  ['1.5 kB', 1500],
  ['2TiB', 2 * 2 ** 40],
  ['20gb', null],
  ['-1MB', null],
  ['MB', null],
])('the size %s is %s bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test('percentages and days', () => {
  expect([parsePercent('15%'), parsePercent('100%'), parsePercent('0.5%')]).toEqual([
    0.15, 1, 0.005,
  ]);
  expect([parsePercent('101%'), parsePercent('15')]).toEqual([null, null]);
  expect([parseDays('2d'), parseDays('forever')]).toEqual([2 * DAY_MS, null]);
});
