import { expect, it } from 'vitest';
import { policyOf } from './support/policies.ts';
import { simulate } from './support/traffic.ts';

const policy = (confidence: number | 'off') =>
  policyOf({
    failures: {
      kind: 'ratio',
      bad: 'bad',
      total: 'total',
      threshold: 5,
      timeWindow: 10,
      confidence,
    },
  });
const run = (confidence: number | 'off', perMinute: number, share: number) =>
  simulate(policy(confidence), { perMinute, share, runs: 150, seed: 7 });

// What confidence is for: good releases (3 %, 4 %) stay, bad ones go. [least, most] share rolled back,
// with room for 150 watches a cell.
it.each([
  [5, 'off', 0.03, 0.7, 1],
  [5, 0.99, 0.03, 0, 0.03],
  [5, 'off', 0.06, 0.95, 1],
  [5, 0.99, 0.06, 0.1, 0.3],
  [5, 0.99, 0.2, 0.99, 1],
  [100, 'off', 0.03, 0.08, 0.3],
  [100, 0.99, 0.03, 0, 0.01],
  [100, 'off', 0.04, 0.65, 0.9],
  [100, 0.99, 0.04, 0, 0.03],
  [100, 0.99, 0.06, 0.85, 1],
  [100, 0.99, 0.2, 0.99, 1],
] as const)(
  '%d requests a minute, confidence %s, %d of them bad',
  (perMinute, confidence, share, least, most) => {
    const { rolledBack } = run(confidence, perMinute, share);
    expect(rolledBack).toBeGreaterThanOrEqual(least);
    expect(rolledBack).toBeLessThanOrEqual(most);
  },
);

it('notices a service that fails a fifth of its requests as soon as the plain rule does', () => {
  expect(run(0.99, 100, 0.2).medianSecond).toBe(60);
  expect(run('off', 5, 0.2).medianSecond).toBeLessThanOrEqual(420);
});
