import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { replay, type Sample } from '../src/index.ts';
import { policyOf } from './support/policies.ts';

const read = async (name: string): Promise<Sample[]> => {
  const text = await readFile(new URL(`golden/${name}`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample);
};
const windowed = { timeWindow: 10 };
const gatesOf = (names: { bad: string; total: string; histogram: string; gauge: string }) => ({
  healthFailures: { threshold: 2 },
  errors: { kind: 'ratio', bad: names.bad, total: names.total, threshold: 5, ...windowed },
  slow: { kind: 'quantile', histogram: names.histogram, q: 0.95, threshold: 2, ...windowed },
  queue: { kind: 'level', gauge: names.gauge, of: 'max', threshold: 20 },
});

it.each([
  [
    'format-1.ndjson',
    {
      bad: 'errors_total',
      total: 'requests_total',
      histogram: 'took_seconds',
      gauge: 'queue_length',
    },
  ],
  [
    'format-2.ndjson',
    {
      bad: 'http_requests_total{code=~"5..",route!="/health"}',
      total: 'http_requests_total{route!="/health"}',
      histogram: 'took_seconds',
      gauge: 'queue_length',
    },
  ],
])('%s is judged as it always was', async (file, names) => {
  const policy = policyOf(gatesOf(names), { duration: 15, minJudged: 0.7 });
  const { decision, at, reasons, history } = replay(policy, await read(file));
  const lines = history.map(({ at: time, gates }) =>
    [
      `${(time - (history[0]?.at ?? 0)) / 1000} s`,
      ...Object.entries(gates).map(([name, { verdict, value, events }]) =>
        [name, verdict, value === null ? '-' : Number(value.toPrecision(6)), events ?? ''].join(
          ' ',
        ),
      ),
    ].join('; '),
  );
  expect({
    decision,
    second: (at - (history[0]?.at ?? 0)) / 1000,
    reasons,
    lines,
  }).toMatchSnapshot();
});
