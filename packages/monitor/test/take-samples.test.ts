import { fakeClock } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { takeArmingSamples, takeBaseline, takeSample } from '../src/index.ts';
import { policyOf } from './support/gates.ts';
import { probesOf, startedAt } from './support/service.ts';

const never = new AbortController().signal;
const at = (samples: readonly { at: number }[]) =>
  samples.map((one) => (one.at - startedAt) / 1000);

describe('samples of the running release', () => {
  it('for arming are as many as the policy says, as far apart', async () => {
    const clock = fakeClock(startedAt);
    const told: string[] = [];
    const samples = await takeArmingSamples({
      policy: policyOf({ arming: { polls: 4, every: 5 } }),
      ...probesOf(clock, {}),
      clock,
      signal: never,
      onSample: (_, taken, of) => told.push(`${taken} of ${of}`),
    });
    expect(at(samples)).toEqual([0, 5, 10, 15]);
    expect(told).toEqual(['1 of 4', '2 of 4', '3 of 4', '4 of 4']);
    expect(clock.now() - startedAt).toBe(15_000);
  });

  it('leave out a due time that a slow answer swallowed, and are as many still', async () => {
    const clock = fakeClock(startedAt);
    const tookMs = (ms: number) => (ms === 5000 ? 5001 : 0);
    const samples = await takeArmingSamples({
      policy: policyOf({ arming: { polls: 3, every: 5 } }),
      ...probesOf(clock, { tookMs }),
      clock,
      signal: never,
    });
    expect(at(samples)).toEqual([0, 5, 15]);
  });

  it('for the baseline cover it, both ends included; none where there is none', async () => {
    const clock = fakeClock(startedAt);
    const probes = { ...probesOf(clock, {}), clock, signal: never };
    const baseline = { duration: '1m', cadence: 15 };
    expect(at(await takeBaseline({ policy: policyOf({ baseline }), ...probes }))).toEqual([
      0, 15, 30, 45, 60,
    ]);
    expect(await takeBaseline({ policy: { ...policyOf(), baseline: null }, ...probes })).toEqual(
      [],
    );
  });

  it('end with the reason when aborted', async () => {
    const clock = fakeClock(startedAt);
    const abort = new AbortController();
    const onSample = () => abort.abort(new Error('stop'));
    const taken = takeArmingSamples({
      policy: policyOf(),
      ...probesOf(clock, {}),
      clock,
      signal: abort.signal,
      onSample,
    });
    await expect(taken).rejects.toThrow('stop');
  });
});

describe('a sample', () => {
  const histogram = { le: { '1': 1, '+Inf': 2 }, count: 2, sum: 3 };

  it('keeps numbers and histograms, and nothing that is no reading', async () => {
    const sample = await takeSample({
      at: 7,
      signal: never,
      health: { check: async () => ({ ok: true }) },
      source: {
        read: async () => ({
          metrics: {
            good: 1,
            none: Number.NaN,
            endless: Number.POSITIVE_INFINITY,
            histogram: { ...histogram, extra: 'token' },
            // A sum of NaN is for good, and no quantile looks at it.
            sumless: { ...histogram, sum: Number.NaN },
            broken: { ...histogram, count: Number.NaN },
            text: 'a secret',
            list: [1],
            partial: { le: { '1': 'one' }, count: 1, sum: 1 },
            nothing: null,
          },
        }),
      },
    });
    expect(sample).toEqual({
      at: 7,
      health: { ok: true },
      metrics: {
        good: 1,
        none: null,
        endless: null,
        histogram,
        sumless: { le: histogram.le, count: 2 },
        broken: null,
        nothing: null,
      },
    });
    expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
  });

  it('of a service without metrics has none', async () => {
    const health = { check: async () => ({ ok: true }) };
    expect(await takeSample({ at: 7, signal: never, health, source: null })).toEqual({
      at: 7,
      health: { ok: true },
    });
  });
});
