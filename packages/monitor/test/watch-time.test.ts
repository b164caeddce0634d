import type { FakeClock } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../src/index.ts';
import { production, runWatch, startedAt, told } from './support/service.ts';

/** The wall clock is set by `stepMs` once, `atSeconds` after the start. */
const setOnce =
  (atSeconds: number, stepMs: number) =>
  (clock: FakeClock): Clock => {
    let isSet = false;
    return {
      now: clock.now,
      monotonicMs: clock.monotonicMs,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        if (isSet || clock.monotonicMs() - startedAt < atSeconds * 1000) return;
        isSet = true;
        clock.step(stepMs);
      },
    };
  };

const hour = 3_600_000;

describe('a wall clock that is set during a watch', () => {
  it.each([
    ['back by an hour', -hour],
    ['forward by an hour', hour],
    ['back by 3 s', -3000],
  ])('%s changes no due time, and is told once', async (_, stepMs) => {
    const { samples, events, outcome } = await runWatch({}, { clockOf: setOnce(500, stepMs) });
    expect(told(samples)).toEqual(production.map(String));
    expect(outcome.decision).toBe('promote');
    const steps = samples.flatMap((sample) => ('clockStep' in sample ? [sample.clockStep] : []));
    expect(steps).toEqual([stepMs]);
    expect(events.filter(({ type }) => type === 'clock.stepped')).toEqual([
      { type: 'clock.stepped', stepMs, at: startedAt + 540_000 },
    ]);
  });

  it('by 2 s is how clocks are kept right, and no word of it', async () => {
    const { samples } = await runWatch({}, { clockOf: setOnce(500, -2000) });
    expect(samples.some((sample) => 'clockStep' in sample)).toBe(false);
  });

  it('blinds nothing: a service that dies then is noticed as fast as ever', async () => {
    // By the monotonic clock; the made service reads the wall clock, which stands an hour back from 500 s on.
    const ok = (ms: number) => !(ms < 0 && ms >= 700_000 - hour);
    const { samples, outcome } = await runWatch({ ok }, { clockOf: setOnce(500, -hour) });
    expect(outcome.decision).toBe('rollback');
    expect(told(samples).slice(-3)).toEqual(['780', '900', '1020']);
  });

  it('does not shift a watch that is resumed after it', async () => {
    const first = await runWatch({}, { clockOf: setOnce(500, -hour) });
    const past = first.samples.slice(0, 20);
    const lastMs = Number(past.at(-1)?.at) - startedAt;
    // The new process begins 10 s after the last poll, by the clock that is an hour back.
    const resumed = await runWatch({}, { past, lateMs: lastMs + 10_000 - hour });
    expect(told(resumed.samples)).toEqual(production.map(String));
    expect(resumed.events.some(({ type }) => type === 'clock.stepped')).toBe(false);
  });

  it('does not hold one up that is resumed, where it was set back between', async () => {
    const first = await runWatch({});
    const past = first.samples.slice(0, 20);
    const lastMs = Number(past.at(-1)?.at) - startedAt;
    const resumed = await runWatch({}, { past, lateMs: lastMs - hour });
    expect(told(resumed.samples)).toEqual(production.map(String));
    expect(resumed.events.filter(({ type }) => type === 'clock.stepped')).toMatchObject([
      { stepMs: -hour },
    ]);
  });
});

describe('the machine’s own clock', () => {
  it('has a monotonic time that goes on with the wall clock’s', async () => {
    const before = systemClock.monotonicMs();
    await systemClock.sleep(5);
    expect(systemClock.monotonicMs()).toBeGreaterThan(before);
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1000);
  });

  it('rejects a sleep with the signal’s own reason', async () => {
    const abort = new AbortController();
    const slept = systemClock.sleep(60_000, abort.signal);
    abort.abort('stand-down');
    await expect(slept).rejects.toBe('stand-down');
  });
});

describe('a notice', () => {
  it('says once that a gate is blind, also over a resume', async () => {
    const noMetrics = { read: () => Promise.reject(new Error('metrics: HTTP 500')) };
    const { events, samples } = await runWatch({}, { source: noMetrics });
    const blind = events.filter(({ type }) => type === 'gate.blind');
    expect(blind).toMatchObject(
      [{ gate: 'lowConfidenceQueue', sentence: /without a reading/ }].map((one) => ({
        ...one,
        sentence: expect.stringMatching(one.sentence),
      })),
    );
    const resumed = await runWatch(
      {},
      { source: noMetrics, past: samples.slice(0, 20), lateMs: 1_500_000 },
    );
    expect(resumed.events.some(({ type }) => type === 'gate.blind')).toBe(false);
  });

  it('says once that the certificate has ended; the checks are not known, and nothing is rolled back', async () => {
    const health = {
      check: async () => ({
        ok: null,
        certificate: 'ended' as const,
        reason: 'not known, the certificate has ended',
      }),
    };
    const { events, outcome } = await runWatch({}, { health });
    expect(events.filter(({ type }) => type === 'certificate.ended')).toHaveLength(1);
    expect(outcome.decision).toBe('inconclusive');
  });
});
