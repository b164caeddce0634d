import { replay } from '@dhash/quality-gates';
import { expect, it } from 'vitest';
import { readSampleLog } from '../src/index.ts';
import { policyOf } from './support/gates.ts';

const policyFor = (bad: string, total: string) =>
  policyOf({
    qualityGates: {
      errors: { kind: 'ratio', bad, total, threshold: 5, unit: 'percent', timeWindow: '10m' },
      slow: { kind: 'quantile', histogram: 'seconds', q: 0.8, threshold: 2, timeWindow: '10m' },
    },
  });

it.each([
  [1, policyFor('errors_total', 'requests_total')],
  [2, policyFor('requests_total{code=~"5.."}', 'requests_total')],
] as const)('a log of format %i is read, and decides as it did', async (format, policy) => {
  const file = new URL(`./fixtures/samples-format-${format}.ndjson`, import.meta.url).pathname;
  const read = await readSampleLog(file);
  expect(read).toMatchObject({ format, tornBytes: 0 });
  expect(read.samples.map((sample) => 'missed' in sample)).toEqual([
    false,
    false,
    false,
    true,
    false,
    false,
    false,
  ]);
  const { decision, history } = replay(policy, read.samples);
  expect(decision).toBe('rollback');
  // The first rise of 100 requests, of which 30 fail.
  expect(history.findIndex((one) => one.decision === 'rollback')).toBe(2);
  expect(history.at(-1)?.gates['errors']).toMatchObject({
    verdict: 'break',
    value: 30,
  });
  expect(history.at(-1)?.gates['slow']).toMatchObject({ value: 1 });
});
