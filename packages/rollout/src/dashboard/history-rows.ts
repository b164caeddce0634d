import type { WatchPart } from '@dhash/monitor';
import type { RunPage } from '../pages/run-page.ts';
import { firstSentence, type Story } from '../pages/tell-run.ts';

/** A run in the list of them. */
export interface HistoryRow {
  readonly run: string;
  readonly env: string;
  readonly kind: string;
  readonly openedAtMs: number;
  readonly tookMs: number | null;
  readonly tone: Story['tone'];
  readonly word: string;
  readonly sentence: string;
  /** How near its gates came to their limits. */
  readonly closest: readonly Closest[];
}

/** How near a gate came to its limit. */
export interface Closest {
  readonly gate: string;
  /** In the gate's unit. */
  readonly value: number;
  readonly threshold: number;
  readonly unit: string | null;
  /** 1 is the limit, more is beyond; `null`: the limit is 0. */
  readonly ratio: number | null;
}

/** Each gate at its nearest to the limit, the nearest gate first. Gates without a value are left out. Pure. */
const closestOf = ({ gates }: WatchPart['data']): Closest[] =>
  gates
    .flatMap(({ gate, verdict: { threshold, unit }, below, points }): Closest[] => {
      const values = points.flatMap(([, value]) => (value === null ? [] : [value]));
      if (values.length === 0) return [];
      const value = below ? Math.min(...values) : Math.max(...values);
      const ratio = below
        ? value === 0
          ? null
          : threshold / value
        : threshold === 0
          ? null
          : value / threshold;
      return [{ gate, value, threshold, unit, ratio }];
    })
    .sort((a, b) => (b.ratio ?? 0) - (a.ratio ?? 0));

export const historyRow = (page: RunPage, watch: WatchPart | null): HistoryRow => ({
  run: page.run,
  env: page.env,
  kind: page.state.kind,
  openedAtMs: page.openedAtMs,
  tookMs: page.closedAtMs === null ? null : page.closedAtMs - page.openedAtMs,
  tone: page.story.tone,
  word: page.story.word,
  sentence: firstSentence(page.story),
  closest: watch === null ? [] : closestOf(watch.data),
});
