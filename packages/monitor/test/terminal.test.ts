import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  advanceTerminal,
  endTerminal,
  renderEventLine,
  renderTerminal,
  startTerminal,
  type TerminalState,
  terminalView,
  type WatchEvent,
  wantsColor,
} from '../src/index.ts';
import { formatDuration, formatValue } from '../src/view/format.ts';
import { isBeyond } from '../src/view/limit.ts';
import { spark } from '../src/view/spark.ts';
import { policyOf } from './support/gates.ts';
import { startedAt } from './support/service.ts';
import { assessmentOf } from './support/watched.ts';

const policy = policyOf();
const start = startTerminal({
  title: 'dhash 1.2 → production',
  run: 'run-1',
  policy,
  startedAt,
  nowMs: startedAt,
});
const gates = {
  healthFailures: { value: 0, threshold: 2, unit: null },
  lowConfidenceQueue: { value: 250 },
};
const poll = (
  seconds: number,
  more: Partial<Extract<WatchEvent, { type: 'poll' }>> = {},
): WatchEvent => ({
  type: 'poll',
  sample: { at: startedAt + seconds * 1000, health: { ok: true, ms: 12 } },
  assessment: assessmentOf(seconds, gates),
  nextAt: startedAt + (seconds + 30) * 1000,
  ...more,
});
const missed = (seconds: number): WatchEvent => ({
  type: 'missed',
  sample: { at: startedAt + seconds * 1000, missed: 'asleep' },
  assessment: assessmentOf(seconds, gates),
  nextAt: null,
});
const broken = (seconds: number) =>
  poll(seconds, {
    sample: {
      at: startedAt + seconds * 1000,
      health: { ok: false, reason: 'HTTP 503: full\u001b[2J' },
    },
    assessment: assessmentOf(seconds, {
      ...gates,
      lowConfidenceQueue: { verdict: 'break', value: 1500, sentence: 'queue of 1500 over 1000' },
    }),
    nextAt: null,
  });
const after = (...events: WatchEvent[]): TerminalState =>
  events.reduce((state, event) => advanceTerminal(state, event, state.nowMs + 15_000), start);
const control = '\u001b[';
/** Without the sequences that colour writes. */
const uncoloured = (text: string) =>
  text
    .split(control)
    .map((part, index) => (index === 0 ? part : part.slice(part.indexOf('m') + 1)))
    .join('');

describe('the block', () => {
  it('tells gate by gate value, threshold, verdict, and the times', () => {
    const text = renderTerminal(after(poll(0), missed(30), poll(60)), { width: 80, color: false });
    const lines = text.split('\n').map((line) => line.trimEnd());
    expect(lines[0]).toBe(
      ' WATCHING   dhash 1.2 → production                                     run run-1',
    );
    expect(lines[1]).toMatch(/^─{52} 0:45 of 1:00:00, 59:15 left$/);
    expect(lines[2]).toMatch(/^health {2}✔·✔ {37}2 polls, 1 missed · next in 0:45$/);
    expect(lines.slice(3)).toEqual([
      '',
      '✔ healthFailures              0  ≤ 2           pass     ▁·▁',
      '✔ lowConfidenceQueue  250 items  ≤ 1000 items  pass     ▃·▃',
    ]);
  });

  it('says under a gate what is wrong, and why health is not OK, without control characters', () => {
    const state = endTerminal(
      after(poll(0), broken(30)),
      {
        decision: 'rollback',
        samples: 2,
        assessment: {
          ...assessmentOf(30, {
            lowConfidenceQueue: { verdict: 'break', value: 1500, sentence: 'queue of 1500' },
          }),
          reasons: ['queue of 1500', 'and another reason'],
        },
      },
      startedAt + 40_000,
    );
    const lines = renderTerminal(state, { width: 80, color: false }).split('\n');
    expect(lines[0]).toMatch(/^ ROLLBACK /);
    expect(lines).toContain('        HTTP 503: full [2J');
    expect(lines).toContain('    queue of 1500');
    expect(lines.at(-1)).toBe('and another reason');
    expect(lines.filter((line) => line.includes('queue of 1500'))).toHaveLength(1);
    expect(lines.join()).not.toMatch(/next in|left/);
  });

  it('before the first poll names the gates', () => {
    const text = renderTerminal(start, { width: 80, color: false });
    expect(text).toContain('… lowConfidenceQueue  waiting for the first poll');
    expect(text).toContain('0:00 of 1:00:00, 1:00:00 left');
  });

  it('is never wider than asked, and colour adds no text', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 160 }),
        fc.array(fc.constantFrom(poll, missed, broken), { maxLength: 40 }),
        fc.string({ maxLength: 200, unit: 'binary' }),
        (width, makes, title) => {
          const state = { ...after(...makes.map((make, index) => make(index * 30))), title };
          const text = renderTerminal(state, { width, color: false });
          for (const line of text.split('\n')) expect([...line].length).toBeLessThanOrEqual(width);
          expect(text).not.toMatch(/(?!\n)\p{Cc}/u);
          expect(uncoloured(renderTerminal(state, { width, color: true }))).toBe(text);
        },
      ),
    );
  });

  it('shows the newest 30 values, beyond the threshold in red', () => {
    const state = after(
      ...Array.from({ length: 40 }, (_, index) => poll(index * 30)),
      broken(1200),
    );
    const text = renderTerminal(state, { width: 120, color: true });
    expect(uncoloured(text)).toMatch(/BREAK {4}▂{29}█$/m);
    expect(text).toContain('\u001b[31m█\u001b[39m');
    expect(text).not.toContain('\u001b[31m▂');
  });
});

describe('a value', () => {
  it.each([
    [5, false, false],
    [5.1, false, true],
    [4.9, false, false],
    [5, true, false],
    [4.9, true, true],
    [5.1, true, false],
    [null, false, false],
    [null, true, false],
  ])('%d against 5, below: %s, is beyond: %s', (value, below, expected) => {
    expect(isBeyond(value, 5, below)).toBe(expected);
  });

  it.each([
    [null, 'ms', '–'],
    [0, null, '0'],
    [12.345678, 'percent', '12.35 %'],
    [5.001, 'percent', '5.001 %'],
    [1234.5, 'ms', '1235 ms'],
    [1e12, 'items', '1.00e+12 items'],
    [-0.00001234, null, '-0.00001234'],
  ])('%d %s reads %s', (value, unit, expected) => {
    expect(formatValue(value, unit)).toBe(expected);
  });

  it.each([
    [0, '0:00'],
    [-5000, '0:00'],
    [59_499, '0:59'],
    [59_500, '1:00'],
    [3_599_499, '59:59'],
    [3_600_000, '1:00:00'],
    [90_061_000, '25:01:01'],
  ])('%d ms reads %s', (ms, expected) => {
    expect(formatDuration(ms)).toBe(expected);
  });
});

describe('a spark line', () => {
  it.each([
    [[], 10, ''],
    [[0, 5, 10, null, 20], 10, '▁▃▅·█'],
    [[0, 5, 10], 10, '▁▅█'],
    [[1, 1], 10, '▂▂'],
    [[-10, 0, 10], 0, '▁▅█'],
    [[0, 0], 0, '▁▁'],
  ])('%j up to at least %d is %s', (values, atLeast, expected) => {
    expect(spark(values, atLeast)).toBe(expected);
  });
});

describe('a plain line', () => {
  it.each([
    [
      poll(90),
      '2026-11-24T02:01:30Z +1:30 health OK 12 ms | healthFailures 0 pass | lowConfidenceQueue 250 items pass | continue | next 02:02:00Z',
    ],
    [missed(30), '2026-11-24T02:00:30Z +0:30 missed: asleep'],
    [
      broken(30),
      '2026-11-24T02:00:30Z +0:30 health NOT OK (HTTP 503: full [2J) | healthFailures 0 pass | lowConfidenceQueue 1500 items BREAK | continue',
    ],
    [
      poll(0, {
        sample: { at: startedAt, health: { ok: null }, metricsError: 'metrics: HTTP 500' },
      }),
      '2026-11-24T02:00:00Z +0:00 health not known | no metrics (metrics: HTTP 500) | healthFailures 0 pass | lowConfidenceQueue 250 items pass | continue | next 02:00:30Z',
    ],
    [
      {
        type: 'verdict.changed',
        gate: 'q',
        from: 'pass',
        to: 'break',
        sentence: 'too\nlong',
        at: startedAt,
      },
      '2026-11-24T02:00:00Z q: pass → BREAK: too long',
    ],
  ] as [WatchEvent, string][])('%j', (event, expected) => {
    expect(renderEventLine(event, { startedAt })).toBe(expected);
  });
});

describe('the view', () => {
  const outcome = { decision: 'promote', samples: 1, assessment: assessmentOf(30, gates) } as const;
  const viewOn = (out: { isTTY?: boolean; columns?: number; rows?: number }) => {
    const written: string[] = [];
    const view = terminalView({ ...out, write: (text) => written.push(text) }, start, {
      color: false,
    });
    view.event(poll(0), startedAt);
    view.tick(startedAt + 1000);
    view.end(outcome, startedAt + 2000);
    return written;
  };

  it('redraws one block on a terminal', () => {
    const written = viewOn({ isTTY: true, columns: 81 });
    expect(written).toHaveLength(3);
    expect(written[0]).not.toContain(control);
    for (const index of [1, 2]) {
      const [up, block] = (written[index] ?? '').split(`A\r${control}J`);
      const before = written[index - 1]?.split(`${control}J`).at(-1) ?? '';
      expect(up).toBe(`${control}${before.split('\n').length - 1}`);
      expect(block).toMatch(/\n$/);
    }
    expect(written[1]).toContain('0:01 of');
    expect(written[2]).toContain(' PROMOTE ');
  });

  it('is never taller than the terminal, so that the cursor finds its first line', () => {
    for (const text of viewOn({ isTTY: true, rows: 4 })) expect(text.match(/\n/g)).toHaveLength(3);
  });

  it('writes a line an event elsewhere, and nothing on a tick', () => {
    const written = viewOn({});
    expect(written).toHaveLength(2);
    expect(written.join('')).not.toContain('\u001b');
    expect(written[1]).toBe('promote\n');
  });

  it.each([
    [{ isTTY: true }, {}, true],
    [{ isTTY: true }, { NO_COLOR: '' }, true],
    [{ isTTY: true }, { NO_COLOR: '0' }, false],
    [{ isTTY: true }, { TERM: 'dumb' }, false],
    [{ isTTY: false }, {}, false],
    [{}, {}, false],
  ])('%j with %j: colour %s', (out, env, expected) => {
    expect(wantsColor({ ...out, write: () => true }, env)).toBe(expected);
  });
});
