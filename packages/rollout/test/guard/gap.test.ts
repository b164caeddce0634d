import type { Sample } from '@dhash/quality-gates';
import { describe, expect, it } from 'vitest';
import { startGap } from '../../src/guard/gap.ts';

const look = (at: number | string): Sample => ({ at, health: { ok: true } });
const missed = (at: number): Sample => ({ at, missed: 'not running' });

describe('startGap', () => {
  it.each<[string, Sample[], number, number]>([
    ['nothing seen yet', [], 100, 100],
    ['looks in their order', [look(0), look(50), look(90)], 100, 10],
    ['a poll missed in between', [look(0), missed(20), look(70)], 75, 70],
    [
      'a gap before the newest polls stays known',
      [look(0), missed(20), look(70), look(80)],
      81,
      70,
    ],
    ['missed ones are no look', [look(0), missed(20), missed(40)], 60, 60],
    ['two gaps: the longer', [missed(0), look(30), missed(40), look(50)], 51, 30],
    ['times as text', [look('1970-01-01T00:00:00.040Z')], 50, 10],
  ])('%s', (_, samples, nowMs, expected) => {
    expect(startGap(0, samples).longestMs(nowMs)).toBe(expected);
    const gap = startGap(0, []);
    for (const sample of samples) gap.add(sample);
    expect(gap.longestMs(nowMs)).toBe(expected);
  });
});
