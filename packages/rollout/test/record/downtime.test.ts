import { describe, expect, it } from 'vitest';
import { withDowntime } from '../../src/notify/with-downtime.ts';
import { describeDowntime, downtimeOf, downtimeUntil } from '../../src/record/downtime.ts';
import type { RecordedEvent } from '../../src/record/events.ts';
import {
  earlierDowntimes,
  expectedDowntime,
  expectedSentence,
} from '../../src/record/expected-downtime.ts';
import { folded } from './recorded.ts';

const startMs = Date.parse('2026-11-24T10:00:00.000Z');

/** Events at these times, ms from the first on. */
const at = (...given: [ms: number, event: { type: string; [field: string]: unknown }][]) =>
  given.map(
    ([ms, event], index) =>
      ({
        seq: index,
        at: new Date(startMs + ms).toISOString(),
        ...event,
      }) as unknown as RecordedEvent,
  );

const opened = (kind = 'deploy') => ({ type: 'run.opened', kind, env: 'p', service: 's' });
const began = (step: string, scope?: string) => ({
  type: 'step.started',
  step,
  ...(scope && { scope }),
});
const done = (step: string, data: unknown = null, scope?: string) => ({
  type: 'step.done',
  step,
  data,
  ms: 0,
  ...(scope && { scope }),
});
const undone = (step: string) => ({ type: 'step.undone', step });

const deployed = at(
  [0, opened()],
  [100, began('backup')],
  [900, done('backup')],
  [1000, began('stop')],
  [1300, done('stop')],
  [1310, began('start')],
  [2000, done('start')],
  [2010, began('health')],
  [4410, done('health', { ok: true, checks: 3, ms: 2400, firstOkMs: 400 })],
);

describe('downtimeOf', () => {
  it('a deploy is down from the beginning of its stop to the first healthy answer', () => {
    expect(downtimeOf(deployed)).toEqual({
      spans: [
        {
          by: 'deploy',
          fromMs: startMs + 1000,
          toMs: startMs + 2410,
          steps: [
            { step: 'stop', isUndo: false, ms: 300 },
            { step: 'start', isUndo: false, ms: 690 },
            { step: 'health', isUndo: false, ms: 400 },
          ],
        },
      ],
      endedMs: 1410,
      downSinceMs: null,
    });
  });

  it('a record from before that was noted counts to the end of the step', () => {
    const older = at(
      [0, opened()],
      [0, began('stop')],
      [50, done('stop')],
      [60, began('health')],
      [2060, done('health', { ok: true, checks: 3, ms: 2000 })],
    );
    expect(downtimeOf(older).endedMs).toBe(2060);
  });

  it('a first deploy stops nothing, and a run without a stop says nothing', () => {
    const first = at(
      [0, opened()],
      [10, began('start')],
      [20, done('start')],
      [30, began('health')],
      [40, done('health')],
    );
    expect(downtimeOf(first)).toEqual({ spans: [], endedMs: 0, downSinceMs: null });
    expect(downtimeUntil(downtimeOf(first), startMs + 50)).toBeNull();
  });

  it('a process that died in between keeps the service down, and a rollback that follows goes on with it', () => {
    const cut = at(
      [0, opened()],
      [1000, began('stop')],
      [1300, done('stop')],
      [1310, began('start')],
      [61_310, { type: 'rollback.started', trigger: 'person' }],
      [61_400, began('stop', 'rollback')],
      [61_500, done('stop', null, 'rollback')],
      [61_600, began('health', 'rollback')],
      [63_700, done('health', { checks: 3, firstOkMs: 100 }, 'rollback')],
    );
    expect(downtimeOf(cut.slice(0, 4))).toMatchObject({ downSinceMs: startMs + 1000, endedMs: 0 });
    expect(downtimeUntil(downtimeOf(cut.slice(0, 4)), startMs + 3000)).toBe(2000);
    const { spans, endedMs } = downtimeOf(cut);
    expect(endedMs).toBe(60_700);
    expect(spans.map(({ by }) => by)).toEqual(['deploy']);
  });

  it('a rollback after a watch is a stretch of its own', () => {
    const later = [
      ...deployed,
      ...at(
        [600_000, { type: 'rollback.started', trigger: 'gate' }],
        [600_100, began('stop', 'rollback')],
        [600_200, done('stop', null, 'rollback')],
        [600_200, began('health', 'rollback')],
        [602_400, done('health', { checks: 3, firstOkMs: 200 }, 'rollback')],
      ),
    ];
    const { spans, endedMs } = downtimeOf(later);
    expect(spans.map(({ by }) => by)).toEqual(['deploy', 'rollback']);
    expect(endedMs).toBe(1410 + 300);
  });

  it('an undo takes a healthy release down again, and ends where the one before was started', () => {
    const taken = [
      ...deployed,
      ...at(
        [5000, began('smoke')],
        [5500, { type: 'step.failed', step: 'smoke', error: 'no' }],
        [6000, undone('start')],
        [6100, undone('activate')],
        [6900, undone('stop')],
      ),
    ];
    expect(downtimeOf(taken).spans[1]).toEqual({
      by: 'undo',
      fromMs: startMs + 5500,
      toMs: startMs + 6900,
      steps: [
        { step: 'start', isUndo: true, ms: 500 },
        { step: 'activate', isUndo: true, ms: 100 },
        { step: 'stop', isUndo: true, ms: 800 },
      ],
    });
  });

  it('is said in words, with the steps that matter', () => {
    expect(describeDowntime(downtimeOf(deployed), startMs)).toBe(
      '1.4 s down in the deploy (stop 300 ms, start 690 ms, health 400 ms)',
    );
    expect(describeDowntime(downtimeOf(deployed.slice(0, 5)), startMs + 31_000)).toBe(
      'down since 2026-11-24 10:00:01 UTC, 30.0 s by now in the deploy (stop 300 ms)',
    );
    expect(describeDowntime(downtimeOf([]), startMs)).toBeNull();
  });

  it('stands in the messages that say how things stand', () => {
    const standing = { serving: '1.1' };
    const messages = [
      { event: 'deploy-done', variables: {}, standing },
      { event: 'migrate-done', variables: {} },
    ];
    const last = deployed.at(-1) as RecordedEvent;
    expect(withDowntime(messages, last, deployed)).toEqual([
      { event: 'deploy-done', variables: {}, standing: { ...standing, downtimeMs: 1410 } },
      { event: 'migrate-done', variables: {} },
    ]);
    expect(withDowntime(messages, last, deployed.slice(0, 2))).toEqual(messages);
  });

  it('a clock set back makes no negative time', () => {
    const back = at(
      [0, opened()],
      [1000, began('stop')],
      [900, done('stop')],
      [900, began('health')],
      [950, done('health')],
    );
    expect(downtimeOf(back).endedMs).toBe(0);
  });
});

describe('expectedDowntime', () => {
  const run = { state: folded(deployed), events: deployed };

  it('is the median of each planned step, and says what no run took', () => {
    const planned = ['backup', 'lay', 'stop', 'migrate', 'activate', 'start', 'health', 'smoke'];
    const expected = expectedDowntime(earlierDowntimes([run, run], 'deploy'), planned);
    expect(expected).toMatchObject({ ms: 1390, runs: 2, unknown: ['migrate', 'activate'] });
    expect(expectedSentence(expected, planned)).toBe(
      'the service will be down for about 1.4 s (stop 300 ms, start 690 ms, health 400 ms), by the last 2 such runs on record; not known: migrate, activate, which none of them took',
    );
  });

  it('believes what was just tried on a copy before what earlier runs took', () => {
    const earlier = earlierDowntimes([run], 'deploy');
    expect(expectedDowntime(earlier, ['stop', 'migrate', 'health'], { migrate: 5000 })).toEqual({
      ms: 5700,
      steps: [
        { step: 'stop', ms: 300 },
        { step: 'migrate', ms: 5000 },
        { step: 'health', ms: 400 },
      ],
      unknown: [],
      runs: 1,
    });
  });

  it('is nothing where nothing is on record, and no sentence where nothing stops', () => {
    expect(expectedDowntime(earlierDowntimes([run], 'rollback'), ['stop', 'health'])).toBeNull();
    expect(expectedSentence(null, ['stop', 'start', 'health'])).toMatch(/can't be told before/);
    expect(expectedSentence(null, ['init', 'start', 'health'])).toBeNull();
  });
});
