import { startJudging, type WatchStart } from './judging.ts';
import type { WatchPolicy } from './policy.ts';
import { readTime, type Sample } from './sample.ts';
import type { Assessment } from './verdict.ts';
import { withRefusal } from './watch.ts';

/** Of a replay: the last assessment, and all of them. */
export type Replay = Assessment & {
  /** Worked out when it is first read: most replays are asked for their end alone. */
  readonly history: readonly Assessment[];
};

const firstTime = (samples: readonly Sample[]): number => {
  for (const sample of samples) {
    const at = readTime(sample?.at);
    if (at !== null) return at;
  }
  return 0;
};

/** Assessments of a watch over all samples, which stops where it ends: of each sample, or the last alone. */
const assess = (
  policy: WatchPolicy,
  samples: readonly Sample[],
  start: WatchStart,
  wanted: 'all' | 'last',
): Assessment[] => {
  const judging = startJudging(policy, start);
  const told: Assessment[] = [];
  let refusal: string | null = null;
  const tell = () => {
    const last = judging.assessment(judging.outcome);
    told.push(refusal === null ? last : withRefusal(last, refusal));
  };
  for (const sample of samples) {
    refusal = judging.take(sample);
    if (wanted === 'all') tell();
    if (judging.isOver) break;
  }
  const { decision, at } = judging.outcome;
  // The last scheduled poll is on record as missed: the end is judged without it, as it was live.
  const isOpen = decision === 'continue' && at >= start.startedAt + policy.durationMs;
  if (isOpen || samples.length === 0) told.push(judging.assessment(judging.finish(at)));
  else if (wanted === 'last') tell();
  return told;
};

/**
 * What the gates decide on recorded samples, the same as they did live. Stops where the watch ends.
 * `startedAt` is the first sample's `at` where it is not given. Samples that stop before the window
 * is over leave it at `continue`; no sample at all is `inconclusive`.
 */
export const replay = (
  policy: WatchPolicy,
  samples: Iterable<Sample>,
  start: Partial<WatchStart> = {},
): Replay => {
  const all = Array.isArray(samples) ? (samples as readonly Sample[]) : [...samples];
  const from = { ...start, startedAt: start.startedAt ?? firstTime(all) };
  const [last] = assess(policy, all, from, 'last') as [Assessment];
  let history: readonly Assessment[] | undefined;
  return {
    ...last,
    get history() {
      history ??= assess(policy, all, from, 'all');
      return history;
    },
  };
};
