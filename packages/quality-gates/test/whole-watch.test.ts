import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binomialTail } from '../src/binomial.ts';
import { createProof } from '../src/measures/proof.ts';
import { normalQuantile, wilsonBound } from '../src/wilson.ts';
import { policyOf } from './support/policies.ts';
import { seeded, simulate } from './support/traffic.ts';

/** Exactly, by summing every term. */
const tailBySum = (bad: number, total: number, share: number): number => {
  let sum = 0;
  let ways = 1;
  for (let count = 0; count <= total; count++) {
    if (count >= bad) sum += ways * share ** count * (1 - share) ** (total - count);
    ways = (ways * (total - count)) / (count + 1);
  }
  return sum;
};

describe('the chance of so many bad events', () => {
  it('is the sum of the binomial terms', () => {
    const small = fc.tuple(
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 60 }),
      fc.double({ min: 0.001, max: 0.9, noNaN: true }),
    );
    fc.assert(
      fc.property(small, ([bad, total, share]) => {
        const least = Math.min(bad, total);
        expect(binomialTail(bad, total, share)).toBeCloseTo(tailBySum(least, total, share), 10);
      }),
      { seed: 5 },
    );
  });

  it.each([
    [0, 10, 0.5, 1],
    [3, 10, 0, 0],
    [1001, 2e6, 0.0001, 0],
    [11.9, 109.2, 0.03, tailBySum(11, 110, 0.03)],
  ])('of %d of %d at %d is %d', (bad, total, share, chance) => {
    expect(binomialTail(bad, total, share)).toBeCloseTo(chance, 12);
  });
});

/** When a watch polls; s. */
const schedules = {
  production: [
    ...Array.from({ length: 11 }, (_, i) => i * 30),
    ...Array.from({ length: 27 }, (_, i) => 420 + i * 120),
    3600,
  ],
  'every 30 s': Array.from({ length: 121 }, (_, i) => i * 30),
};
const windowS = 600;
const minEvents = 20;

const poisson = (mean: number, random: () => number): number => {
  let count = 0;
  for (let left = Math.exp(-mean), product = random(); product > left; product *= random())
    count += 1;
  return count;
};

/** Share of watches of an hour that a rule breaks, limit 5 %, window 10 minutes. */
const broken = (
  isProven: (bad: number, total: number) => boolean,
  polls: readonly number[],
  { perMinute, share, runs }: { perMinute: number; share: number; runs: number },
): number => {
  const random = seeded(11);
  let breaks = 0;
  for (let run = 0; run < runs; run++) {
    const seen = [{ second: 0, bad: 0, total: 0 }];
    let [bad, total] = [0, 0];
    for (let index = 1; index < polls.length; index++) {
      const second = polls[index] ?? 0;
      const came = poisson((perMinute / 60) * (second - (polls[index - 1] ?? 0)), random);
      for (let event = 0; event < came; event++) if (random() < share) bad += 1;
      total += came;
      seen.push({ second, bad, total });
      while ((seen[0]?.second ?? 0) <= second - windowS) seen.shift();
      const [from] = seen;
      const events = total - (from?.total ?? 0);
      if (seen.length < 3 || events < minEvents) continue;
      if (!isProven(bad - (from?.bad ?? 0), events)) continue;
      breaks += 1;
      break;
    }
  }
  return breaks / runs;
};

const proof = (confidence: number) =>
  createProof(
    { confidence, below: false },
    { limit: 5, durationMs: 3_600_000, windowMs: windowS * 1000 },
  );

describe('confidence is that of the whole watch', () => {
  const runs = 2500;
  /** Three standard deviations of the simulation. */
  const room = (rate: number) => 3 * Math.sqrt((rate * (1 - rate)) / runs);
  it.each(
    Object.entries(schedules).flatMap(([title, polls]) =>
      [2, 5, 11, 15].flatMap((perMinute) =>
        [0.95, 0.99].map((confidence) => [title, perMinute, confidence, polls] as const),
      ),
    ),
  )(
    '%s, %d requests a minute, confidence %d: 3 % of them bad',
    (_title, perMinute, confidence, polls) => {
      const rate = broken(proof(confidence), polls, { perMinute, share: 0.03, runs });
      expect(rate).toBeLessThanOrEqual(1 - confidence + room(1 - confidence));
    },
  );

  it('would not be by Wilson’s bound alone, at few requests', () => {
    const z = normalQuantile(0.99);
    const alone = (bad: number, total: number) => wilsonBound(bad, total, z) > 0.05;
    const few = { perMinute: 5, share: 0.03, runs };
    expect(broken(alone, schedules['every 30 s'], few)).toBeGreaterThan(0.03);
  });

  it('holds for a limit from below as for its mirror', () => {
    const over = proof(0.99);
    const under = createProof(
      { confidence: 0.99, below: true },
      { limit: 95, durationMs: 3_600_000, windowMs: windowS * 1000 },
    );
    for (let total = 20; total < 200; total += 7)
      for (let bad = 0; bad <= total; bad++)
        expect(under(total - bad, total)).toBe(over(bad, total));
  });
});

describe('a release with five times the errors', () => {
  const errors = policyOf({
    errors: { kind: 'ratio', bad: 'bad', total: 'total', threshold: 5, timeWindow: 10 },
  });
  it.each([
    [20, 420],
    [100, 120],
  ])('is found at %d requests a minute within %d s, half of the time', (perMinute, seconds) => {
    const found = simulate(errors, { perMinute, share: 0.15, runs: 60, seed: 3 });
    expect(found.rolledBack).toBe(1);
    expect(found.medianSecond).toBeLessThanOrEqual(seconds);
  });
});
