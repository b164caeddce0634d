import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { replay, type Sample } from '@dhash/quality-gates';
import { fakeClock, tempFolder } from '@dhash/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openSampleLog, readSampleLog, watch } from '../src/index.ts';
import { policyOf } from './support/gates.ts';
import { type Answers, probesOf, runWatch, startedAt, told } from './support/service.ts';

const policy = policyOf({
  duration: '20m',
  pollCadence: { initial: 30, normal: 120, initialPeriod: 5, suspect: 10 },
});

/** A watch that is killed (its generator dropped) after so many polls, resumed `after` ms later, … */
const watchWithKills = async (
  answers: Answers,
  kills: readonly { readonly polls: number; readonly after: number; readonly torn: string }[],
) => {
  const file = join(await tempFolder(), `${Math.random()}.ndjson`);
  const clock = fakeClock(startedAt);
  let due = startedAt;
  for (let life = 0; ; life += 1) {
    const { log, past } = await openSampleLog(file);
    const running = watch({
      policy,
      startedAt,
      ...probesOf({ ...clock, now: () => due }, answers),
      // Answers go by the due time: a poll made some seconds late sees what the unbroken watch saw.
      onBeforePoll: (at) => {
        due = at;
      },
      clock,
      log,
      past,
      signal: new AbortController().signal,
    });
    const kill = kills[life];
    let polls = 0;
    for (;;) {
      if (kill !== undefined && polls === kill.polls) break;
      const next = await running.next();
      if (!next.done) {
        if (next.value.type !== 'verdict.changed') polls += 1;
        continue;
      }
      await log.close();
      const { samples } = await readSampleLog(file);
      return { outcome: next.value, samples, text: await readFile(file, 'utf8') };
    }
    await log.close();
    await appendFile(file, kill?.torn ?? '');
    clock.advance(kill?.after ?? 0);
  }
};

const second = (sample: Sample) => (Number(sample.at) - startedAt) / 1000;

/** Failing stretches, s: deterministic in time, so that what is asked at one time answers the same. */
const answersOf = (fails: readonly (readonly [number, number])[], queueFrom: number): Answers => ({
  ok: (ms) => !fails.some(([start, length]) => ms / 1000 >= start && ms / 1000 < start + length),
  queue: (ms) => (ms / 1000 >= queueFrom ? 2000 : 5),
});

describe('a killed watch', () => {
  it('resumed at once leaves the same bytes and the same decision', async () => {
    const answers = answersOf([[300, 15]], 5000);
    const unbroken = await watchWithKills(answers, []);
    for (const polls of [0, 1, 5, 11, 17]) {
      const resumed = await watchWithKills(answers, [{ polls, after: 0, torn: '{"at":17640' }]);
      expect(resumed).toEqual(unbroken);
    }
    expect(unbroken.outcome.decision).toBe('promote');
  });

  it('marks what it did not see as not running', async () => {
    const { samples } = await watchWithKills({}, [{ polls: 4, after: 101_000, torn: '' }]);
    expect(told(samples).slice(2, 9)).toEqual([
      '60',
      '90',
      '120 missed: not running',
      '150 missed: not running',
      '180 missed: not running',
      '210',
      '240',
    ]);
  });

  it('that had decided decides the same, and asks nothing', async () => {
    const answers = answersOf([[100, 900]], 5000);
    const first = await watchWithKills(answers, []);
    expect(first.outcome.decision).toBe('rollback');
    const again = await runWatch(answers, { policy, past: first.samples, lateMs: 5_000_000 });
    // Told again: the process may have died before it acted.
    expect(again.events).toEqual([{ type: 'decided', ...first.outcome }]);
    expect(again.outcome).toEqual(first.outcome);
  });

  it('between two polls after the end goes on with those', async () => {
    const answers = answersOf([[1195, 12]], 5000);
    const unbroken = await watchWithKills(answers, []);
    expect(told(unbroken.samples).slice(-2)).toEqual(['1200', '1210']);
    const polls = unbroken.samples.length;
    const resumed = await watchWithKills(answers, [{ polls: polls - 1, after: 47_000, torn: '' }]);
    expect(told(resumed.samples).slice(-2)).toEqual(['1200', '1250']);
    expect(resumed.outcome.decision).toBe('promote');
  });

  it('at any points, for any time, equals the unbroken one apart from marked gaps', async () => {
    const stretch = fc.tuple(fc.integer({ min: 0, max: 1300 }), fc.integer({ min: 1, max: 200 }));
    const kill = fc.record({
      polls: fc.integer({ min: 0, max: 12 }),
      after: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 400_000 })),
      torn: fc.constantFrom('', '{', '{"at":17', '{"at":1764,"health":{"ok":true}}'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(stretch, { maxLength: 3 }),
        fc.integer({ min: 0, max: 3000 }),
        fc.array(kill, { minLength: 1, maxLength: 3 }),
        async (fails, queueFrom, kills) => {
          const answers = answersOf(fails, queueFrom);
          const unbroken = await watchWithKills(answers, []);
          const resumed = await watchWithKills(answers, kills);

          // Strictly one sample a due time, in order, and every scheduled one is there.
          const seconds = resumed.samples.map(second);
          expect(seconds).toEqual([...new Set(seconds)].sort((a, b) => a - b));
          const last = seconds.at(-1) ?? 0;
          const scheduled = [0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300];
          scheduled.push(420, 540, 660, 780, 900, 1020, 1140, 1200);
          expect(seconds).toEqual(expect.arrayContaining(scheduled.filter((at) => at <= last)));

          // What is in the log decides, as a replay of it does.
          expect(replay(policy, resumed.samples, { startedAt }).decision).toBe(
            resumed.outcome.decision,
          );

          // Each scheduled sample is the unbroken watch's, or a gap that is marked as one.
          const seen = new Map(unbroken.samples.map((sample) => [sample.at, sample]));
          for (const sample of resumed.samples) {
            if ('missed' in sample)
              expect(sample).toEqual({ at: sample.at, missed: 'not running' });
            else expect(sample).toEqual(seen.get(sample.at) ?? sample);
          }
          const isSame = JSON.stringify(resumed.samples) === JSON.stringify(unbroken.samples);
          if (isSame) expect(resumed.outcome).toEqual(unbroken.outcome);
          else expect(kills.some(({ after }) => after > 0)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
