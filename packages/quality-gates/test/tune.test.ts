import { describe, expect, it } from 'vitest';
import type { Sample } from '../src/index.ts';
import { renderProposals, tune } from '../src/tune.ts';
import { level, only, polls, x } from './support/polls.ts';

const run = (peak: number): Sample[] =>
  x(...Array.from({ length: 21 }, (_, i) => (i === 4 ? peak : 1)));
const policy = only({ ...level, threshold: 1000, unit: 'items' });
const good = [10, 12, 14, 16, 20].map(run);

describe('tune', () => {
  it('proposes a threshold with room above the worst good run, and says what each would do', () => {
    const [proposal] = tune(policy, good, [run(22), run(90), run(2000)]);
    expect(proposal).toMatchObject({ proposed: 20, current: 1000, peaks: [10, 12, 14, 16, 20] });
    expect(tune(policy, good, [run(90), run(2000)])[0]).toMatchObject({ proposed: 25 });
    const rows = proposal?.candidates.map((each) => [
      each.threshold,
      each.falseAlarms,
      each.misses,
    ]);
    expect(rows).toEqual([
      [20, 0, 0],
      [22, 0, 1],
      [25, 0, 1],
      [30, 0, 1],
      [40, 0, 1],
      [60, 0, 1],
      [1000, 0, 2],
    ]);
    expect(proposal?.candidates[0]?.delaysMs).toEqual([120_000, 120_000, 120_000]);
    expect(renderProposals([proposal as NonNullable<typeof proposal>])).toMatchInlineSnapshot(`
      [
        "gate: 20 items instead of 1000 items: no false alarm on 5 good runs, whose farthest value was 20 items; it breaks 3 of 3 bad runs",
        "  20 items: 0 of 5 good runs broken, 0 of 3 bad runs missed, median delay 2 min",
        "  22 items: 0 of 5 good runs broken, 1 of 3 bad runs missed, median delay 2 min",
        "  25 items: 0 of 5 good runs broken, 1 of 3 bad runs missed, median delay 2 min",
        "  30 items: 0 of 5 good runs broken, 1 of 3 bad runs missed, median delay 2 min",
        "  40 items: 0 of 5 good runs broken, 1 of 3 bad runs missed, median delay 2 min",
        "  60 items: 0 of 5 good runs broken, 1 of 3 bad runs missed, median delay 2 min",
        "  1000 items: 0 of 5 good runs broken, 2 of 3 bad runs missed, median delay 2 min",
      ]
    `);
  });

  it('counts the good runs that the current threshold breaks', () => {
    const [proposal] = tune(only({ ...level, threshold: 13 }), good);
    expect(proposal?.candidates.find(({ threshold }) => threshold === 13)?.falseAlarms).toBe(3);
    expect(proposal?.proposed).toBe(25);
  });

  it('tries limits under the worst good value too, where confidence or a streak asks for more than a value', () => {
    const ratio = { kind: 'ratio', bad: 'b', total: 't', threshold: 40, timeWindow: 10 };
    // Two of the first twenty fail, then none: 10 % that prove nothing. Against 8 % of everything.
    const quiet = polls(Array.from({ length: 21 }, (_, i) => ({ b: i > 0 ? 2 : 0, t: i * 10 })));
    const steady = polls(Array.from({ length: 21 }, (_, i) => ({ b: i * 8, t: i * 100 })));
    const [proposal] = tune(only(ratio), new Array(5).fill(quiet), [steady]);
    expect(proposal?.peaks.at(-1)).toBe(10);
    expect(proposal?.candidates.slice(0, 4)).toMatchObject([
      { threshold: 2.5, falseAlarms: 0, misses: 0 },
      { threshold: 5, falseAlarms: 0, misses: 0 },
      { threshold: 7.5, falseAlarms: 0, misses: 1 },
      { threshold: 10, falseAlarms: 0, misses: 1 },
    ]);
    expect(proposal?.proposed).toBe(5);
  });

  it('turns round for gates that break below', () => {
    const [proposal] = tune(
      only({ ...level, below: true, threshold: 0 }),
      [10, 9, 8, 8, 8].map((value) => x(...new Array(21).fill(value))),
    );
    expect(proposal).toMatchObject({ proposed: 6, peaks: [8, 8, 8, 9, 10] });
  });

  it('never proposes on fewer than five good runs, or where there is no threshold', () => {
    const [few] = tune(policy, good.slice(0, 4));
    expect([few?.proposed, few?.why]).toEqual([null, expect.stringContaining('4 of 4 good runs')]);
    const [dark] = tune(
      policy,
      good.map(() => x(null, null)),
    );
    expect([dark?.proposed, dark?.why]).toEqual([
      null,
      expect.stringContaining('0 of 5 good runs'),
    ]);
    const [relative] = tune(
      only({ kind: 'level', gauge: 'x', relativeTo: 'baseline', factor: 2 }),
      good,
    );
    expect(relative?.proposed).toBeNull();
  });
});
