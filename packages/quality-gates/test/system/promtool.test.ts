import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasTool, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { environmentsOf, gatesFor } from '../../src/config.ts';
import { toPrometheusRules } from '../../src/export.ts';
import { type PolledSample, pollTimes, type WatchPolicy } from '../../src/index.ts';
import { policyOf } from '../support/policies.ts';
import { production, recorded, type Second, shipped } from '../support/recorded.ts';
import { seeded } from '../support/traffic.ts';
import { alertsFireAt, firstBreaks, promtool } from './promtool.ts';

describe.runIf(hasTool('promtool'))('the exported rules, in promtool', () => {
  it.each(environmentsOf(shipped))('are rules: shipped %s', async (environment) => {
    const file = join(await tempFolder(), 'rules.yml');
    await writeFile(file, toPrometheusRules(gatesFor(shipped, environment)));
    expect(await promtool('check', 'rules', file)).toContain('SUCCESS: 5 rules found');
  });

  it('are rules: selectors, of, valid and restarts', async () => {
    const file = join(await tempFolder(), 'rules.yml');
    const windowed = { threshold: 5, timeWindow: 10 };
    const policy = policyOf({
      errors: { kind: 'ratio', bad: 'r{code=~"5..",p!="a\\"b"}', total: 'r', ...windowed },
      slow: { kind: 'quantile', histogram: 'h{route="/"}', q: 0.9, ...windowed },
      lag: { kind: 'level', gauge: 'lag', of: 'sum', valid: { min: 0, max: 9 }, threshold: 9 },
      restarts: { kind: 'restarts', ...windowed },
    });
    await writeFile(file, toPrometheusRules(policy, { selector: 'job="shop"' }));
    expect(await promtool('check', 'rules', file)).toContain('SUCCESS: 4 rules found');
  });

  // The second of our break, gate by gate; `alert` where a comment in the export says it is another.
  it.each<[string, (second: number) => Second, Record<string, number>, Record<string, number>]>([
    ['a good release', () => ({}), {}, {}],
    [
      'a queue over its limit',
      (s) => ({ queue: s < 1500 ? 1000 : 1001 }),
      { lowConfidenceQueue: 1500 },
      {},
    ],
    ['failing from the start', () => ({ failing: 20 }), { extractionFailureRate: 60 }, {}],
    [
      'failing later on',
      (s) => ({ failing: s < 900 ? 2 : 30 }),
      { extractionFailureRate: 900 },
      {},
    ],
    ['slow from the start', () => ({ slow: 20 }), { p95HashTime: 60 }, {}],
    ['slow later on', (s) => ({ slow: s < 900 ? 1 : 30 }), { p95HashTime: 1020 }, {}],
    [
      'dead later on: the share first, then three in a row',
      (s) => ({ ok: s < 2000 }),
      { healthFailureShare: 2220, healthFailures: 2340 },
      {},
    ],
    [
      'dead early: the alert needs six minutes of it',
      (s) => ({ ok: s < 100 }),
      { healthFailureShare: 150, healthFailures: 180 },
      { healthFailures: 540 },
    ],
  ])('%s', async (_title, service, ours, alert) => {
    const samples = recorded(service);
    const breaks = firstBreaks(production, samples);
    const none = Object.fromEntries(Object.keys(production.gates).map((gate) => [gate, null]));
    expect(breaks).toEqual({ ...none, ...ours });
    await alertsFireAt(production, [{ samples, breaks: { ...breaks, ...alert } }]);
  });

  it('fire at another poll than they are said to: promtool complains', async () => {
    const samples = recorded((s) => ({ queue: s < 1500 ? 1000 : 1001 }));
    for (const lowConfidenceQueue of [1380, 1620, null])
      await expect(
        alertsFireAt(production, [{ samples, breaks: { lowConfidenceQueue } }]),
      ).rejects.toThrow();
  });

  it('agree on random watches, where nothing is extrapolated or bounded', async () => {
    const policy = policyOf({
      healthFailureShare: { threshold: 20, timeWindow: 10 },
      queue: { kind: 'level', gauge: 'queue', threshold: 98 },
      depth: { kind: 'level', gauge: 'queue', threshold: 2, below: true },
      rate: {
        kind: 'ratio',
        bad: 'bad',
        total: 'total',
        threshold: 5.013,
        timeWindow: 10,
        confidence: 'off',
      },
    });
    await agreeOnRandomWatches(policy, 11);
  });

  it('agree where a gate asks for n of m', async () => {
    // A poll every 30 s: evaluations and polls are the same.
    const ratio = { kind: 'ratio', bad: 'bad', total: 'total', confidence: 'off' };
    const policy = policyOf(
      {
        twice: { kind: 'level', gauge: 'queue', threshold: 80, for: '2 of 3' },
        thrice: { kind: 'level', gauge: 'queue', threshold: 60, for: 3 },
        often: { ...ratio, threshold: 4.513, timeWindow: 10, for: '3 of 4' },
      },
      { duration: 30, pollCadence: { initial: 30, normal: 30 } },
    );
    await agreeOnRandomWatches(policy, 5);
  });

  it('break a poll sooner on gauges: there the newest scrape weighs as much as the others', async () => {
    const gauge = { timeWindow: 5, minSamples: 4 };
    const policy = policyOf(
      {
        mean: { kind: 'ratio', rate: 'queue', threshold: 50, ...gauge },
        median: { kind: 'quantile', gauge: 'queue', threshold: 50, ...gauge },
        withTraffic: {
          ...{ kind: 'quantile', gauge: 'queue', threshold: 50, ...gauge },
          ...{ events: 'total', minEvents: 20 },
        },
      },
      { duration: 30, pollCadence: { initial: 30, normal: 30 } },
    );
    const samples = pollTimes(policy).map(
      (at): PolledSample => ({
        at,
        health: { ok: true },
        metrics: { queue: at < 600_000 ? 10 : 100, total: at < 1_200_000 ? 500 : 500 + at / 1000 },
      }),
    );
    expect(firstBreaks(policy, samples)).toEqual({ mean: 750, median: 750, withTraffic: 1200 });
    const breaks = { mean: 720, median: 720, withTraffic: 1200 };
    await alertsFireAt(policy, [{ samples, breaks }]);
  });
});

/** Random watches of every kind of series, each of whose gates breaks in some of them. */
const agreeOnRandomWatches = async (policy: WatchPolicy, seed: number) => {
  const random = seeded(seed);
  const runs = Array.from({ length: 12 }, () => {
    let [bad, total] = [10_000, 100_000];
    const [dead, failing] = [0.3 * random(), 0.1 * random()];
    const samples = pollTimes(policy).map((at): PolledSample => {
      const came = 50 + Math.floor(100 * random());
      total += came;
      bad += Math.floor(came * failing * 2 * random());
      const queue = Math.floor(100 * random());
      return { at, health: { ok: random() >= dead }, metrics: { bad, total, queue } };
    });
    return { samples, breaks: firstBreaks(policy, samples) };
  });
  for (const gate of Object.keys(policy.gates)) {
    const seconds = runs.map(({ breaks }) => breaks[gate]);
    expect(seconds.filter((second) => second !== null).length, gate).toBeGreaterThan(2);
  }
  await alertsFireAt(policy, runs);
};
