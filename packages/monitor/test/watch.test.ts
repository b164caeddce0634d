import { replay } from '@dhash/quality-gates';
import { describe, expect, it } from 'vitest';
import { STAND_DOWN } from '../src/index.ts';
import { policyOf } from './support/gates.ts';
import { memoryLog, production, runWatch, startedAt, told } from './support/service.ts';

const seconds =
  (...all: number[]) =>
  (ms: number) =>
    !all.includes(ms / 1000);
const from = (first: number) => (ms: number) => ms < first * 1000;
const toText = (list: readonly number[]) => list.map(String);

describe('an unbroken watch', () => {
  it('polls at production’s 39 due times and promotes a good release', async () => {
    const { outcome, samples, events } = await runWatch({});
    expect(told(samples)).toEqual(toText(production));
    expect(outcome).toMatchObject({ decision: 'promote', samples: 39 });
    expect(samples[0]).toEqual({
      at: startedAt,
      health: { ok: true },
      metrics: { low_confidence_queue_length: 10 },
    });
    const polls = events.filter((event) => event.type === 'poll');
    expect(polls.map(({ nextAt }) => nextAt)).toEqual([
      ...samples.slice(1).map(({ at }) => at),
      null,
    ]);
  });

  it.each([
    ['2: three failures in a row', { ok: from(100) }, 'rollback', 180],
    ['3: never three in a row', { ok: seconds(120, 150, 210, 240) }, 'promote', 3600],
    ['4: late failures', { ok: from(2000) }, 'rollback', 2340],
    [
      '13: queue beyond',
      { queue: (ms: number) => (ms >= 1_500_000 ? 1001 : 1000) },
      'rollback',
      1500,
    ],
  ] as const)('%s', async (_, answers, decision, lastSecond) => {
    const { outcome, samples, events } = await runWatch(answers);
    expect(outcome.decision).toBe(decision);
    expect(told(samples).at(-1)).toBe(String(lastSecond));
    // What was told live is what a replay of the log says, poll by poll.
    const { history } = replay(policyOf(), samples, { startedAt });
    expect(history.at(-1)).toEqual(outcome.assessment);
    const live = events.filter((event) => event.type === 'poll' || event.type === 'missed');
    expect(live.map(({ assessment }) => assessment)).toEqual(history);
  });

  it('tells a verdict change after the poll that made it', async () => {
    const { events } = await runWatch({ ok: from(100) });
    expect(events.at(-3)).toMatchObject({ type: 'poll', nextAt: null });
    expect(events.at(-2)).toMatchObject({
      type: 'verdict.changed',
      gate: 'healthFailures',
      from: 'pass',
      to: 'break',
      at: startedAt + 180_000,
      sentence: expect.any(String),
    });
  });

  it('tells its decision last, before it returns: nothing written for people stands before it', async () => {
    const { events, outcome } = await runWatch({ ok: from(100) });
    expect(events.at(-1)).toEqual({ type: 'decided', ...outcome });
    expect(outcome.decision).toBe('rollback');
  });

  it('polls suspect times while a gate is suspicious, without counting them as missed', async () => {
    const pollCadence = { initial: 30, normal: 120, initialPeriod: 5, suspect: 10 };
    const policy = policyOf({ pollCadence });
    const bad = await runWatch({ ok: from(2000) }, { policy });
    expect(bad.outcome.decision).toBe('rollback');
    expect(told(bad.samples).slice(-3)).toEqual(['2100', '2110', '2120']);

    const once = await runWatch({ ok: seconds(2100) }, { policy });
    expect(told(once.samples).filter((at) => !production.includes(Number(at)))).toEqual(['2110']);
    expect(once.outcome.decision).toBe('promote');

    const slow = await runWatch(
      { ok: (ms) => ms !== 2_100_000, tookMs: (ms) => (ms === 2_100_000 ? 17_000 : 0) },
      { policy },
    );
    expect(told(slow.samples).filter((at) => !production.includes(Number(at)))).toEqual(['2120']);
  });

  it('asks before each poll, and not before one that is missed', async () => {
    const asked: number[] = [];
    const { samples } = await runWatch(
      { tookMs: (ms) => (ms === 0 ? 50_000 : 0) },
      { onBeforePoll: (at) => void asked.push(at) },
    );
    expect(asked).toEqual(samples.filter((sample) => !('missed' in sample)).map(({ at }) => at));
    expect(asked).toHaveLength(38);
  });
});

describe('the end', () => {
  it('goes on every 10 s while the last check is not OK, until one is', async () => {
    const once = await runWatch({ ok: seconds(3600, 3610) });
    expect(told(once.samples).slice(-3)).toEqual(['3600', '3610', '3620']);
    expect(once.outcome.decision).toBe('promote');
  });

  it('or until the streak breaks its gate', async () => {
    const { samples, outcome } = await runWatch({ ok: from(3600) });
    expect(told(samples).slice(-3)).toEqual(['3600', '3610', '3620']);
    expect(outcome.decision).toBe('rollback');
  });

  it('and no longer than ten minutes where neither happens', async () => {
    const ok = (ms: number) => (ms < 3_600_000 ? true : ms === 3_600_000 ? false : null);
    const { samples, outcome } = await runWatch({ ok });
    expect(told(samples).at(-1)).toBe('4200');
    expect(outcome.decision).toBe('inconclusive');
  });
});

describe('what could not be polled', () => {
  it('is an overrun where the poll before took too long; none after it is shifted', async () => {
    const { samples, outcome } = await runWatch({ tookMs: (ms) => (ms === 60_000 ? 75_000 : 0) });
    expect(told(samples)).toEqual(
      production.map((at) => (at === 90 || at === 120 ? `${at} missed: overrun` : String(at))),
    );
    expect(outcome.decision).toBe('promote');
  });

  it('is polled late, with its due time, where there are seconds left for it', async () => {
    for (const [tookMs, expected] of [
      [40_000, '90'],
      [40_001, '90 missed: overrun'],
    ] as const) {
      const { samples } = await runWatch({ tookMs: (ms) => (ms === 60_000 ? tookMs : 0) });
      expect(told(samples)[3]).toBe(expected);
    }
  });

  it('may be late by no more than half the way to the next', async () => {
    const pollCadence = { initial: 4, normal: 8, initialPeriod: 1 };
    const policy = policyOf({ duration: '2m', pollCadence });
    for (const [tookMs, expected] of [
      [6000, '8'],
      [6001, '8 missed: overrun'],
    ] as const) {
      const { samples } = await runWatch(
        { tookMs: (ms) => (ms === 4000 ? tookMs : 0) },
        { policy },
      );
      expect(told(samples).slice(0, 4)).toEqual(['0', '4', expected, '12']);
    }
  });

  it('is asleep where the clock jumped while waiting', async () => {
    const { samples, outcome } = await runWatch(
      {},
      {
        clockOf: (clock) => ({
          now: clock.now,
          sleep: async (ms, signal) => {
            await clock.sleep(ms, signal);
            if (clock.now() - startedAt === 1_805_000) clock.advance(1_790_000);
          },
        }),
      },
    );
    expect(told(samples)).toEqual(
      production.map((at) => (at > 1805 && at < 3600 ? `${at} missed: asleep` : String(at))),
    );
    expect(outcome.decision).toBe('inconclusive');
  });

  it('is not running where the watch began late', async () => {
    const { samples } = await runWatch({}, { lateMs: 65_000 });
    expect(told(samples).slice(0, 4)).toEqual([
      '0 missed: not running',
      '30 missed: not running',
      '60',
      '90',
    ]);
  });

  it('is inconclusive where the last poll was missed', async () => {
    const { samples, outcome } = await runWatch({}, { lateMs: 4_000_000 });
    expect(told(samples)).toEqual(production.map((at) => `${at} missed: not running`));
    expect(outcome).toMatchObject({
      decision: 'inconclusive',
      samples: 39,
      assessment: { decision: 'inconclusive', at: startedAt + 3_600_000 },
    });
  });
});

describe('an abort', () => {
  it.each([
    [new Error('SIGINT'), 'interrupted'],
    [STAND_DOWN, 'stood-down'],
  ] as const)('%s while waiting ends it as %s', async (reason, decision) => {
    const abort = new AbortController();
    const { outcome, samples } = await runWatch(
      {},
      {
        signal: abort.signal,
        onEvent: (event) => {
          if (event.type === 'poll' && event.sample.at === startedAt + 60_000) abort.abort(reason);
        },
      },
    );
    expect(outcome).toMatchObject({ decision, samples: 3, assessment: { decision: 'continue' } });
    expect(told(samples)).toEqual(['0', '30', '60']);
  });

  it('in the middle of a poll leaves no half sample', async () => {
    const abort = new AbortController();
    const { outcome, samples } = await runWatch(
      {
        ok: (ms) => {
          if (ms === 30_000) abort.abort(new Error('SIGTERM'));
          return true;
        },
      },
      { signal: abort.signal },
    );
    expect(outcome.decision).toBe('interrupted');
    expect(told(samples)).toEqual(['0']);
  });

  it('before the first poll is interrupted too, also by a clock that rejects in its own way', async () => {
    const signal = AbortSignal.abort(new Error('early'));
    expect((await runWatch({}, { signal })).outcome).toMatchObject({
      decision: 'interrupted',
      samples: 0,
    });
    const abort = new AbortController();
    const { outcome } = await runWatch(
      {},
      {
        signal: abort.signal,
        clockOf: ({ now }) => ({
          now,
          sleep: async () => {
            abort.abort(new Error('late'));
            throw new DOMException('The operation was aborted', 'AbortError');
          },
        }),
      },
    );
    expect(outcome).toMatchObject({ decision: 'interrupted', samples: 1 });
  });
});

describe('a fault', () => {
  it('of the log ends the watch before it judges or tells the sample', async () => {
    const log = memoryLog();
    const append = async () => {
      throw new Error('ENOSPC');
    };
    await expect(runWatch({}, { log: { ...log, append } })).rejects.toThrow('ENOSPC');
  });

  it('of the log is thrown on even where the watch is being aborted', async () => {
    const abort = new AbortController();
    const append = async () => {
      abort.abort(new Error('SIGINT'));
      throw new Error('ENOSPC');
    };
    const watched = runWatch({}, { log: { ...memoryLog(), append }, signal: abort.signal });
    await expect(watched).rejects.toThrow('ENOSPC');
  });

  it('of the clock is thrown on', async () => {
    const clockOf = ({ now }: { now(): number }) => ({
      now,
      sleep: () => Promise.reject(new Error('broken clock')),
    });
    await expect(runWatch({}, { clockOf })).rejects.toThrow('broken clock');
  });

  it('of the source gives a sample without metrics that says why; of the probe, a non-OK check', async () => {
    const { samples } = await runWatch(
      {},
      {
        source: { read: () => Promise.reject(new Error('metrics: HTTP 500')) },
        health: { check: () => Promise.reject(new Error('no probe')) },
      },
    );
    expect(samples[0]).toEqual({
      at: startedAt,
      health: { ok: false, reason: 'no probe' },
      metricsError: 'metrics: HTTP 500',
    });
  });
});
