import type { WatchPolicy } from './policy.ts';
import { readTime, type Sample } from './sample.ts';
import type { Assessment } from './verdict.ts';
import { startWatch, type WatchStart } from './watch.ts';

/** Of a replay: the last assessment, and all of them. */
export type Replay = Assessment & { readonly history: readonly Assessment[] };

const firstTime = (samples: readonly Sample[]): number => {
  for (const sample of samples) {
    const at = readTime(sample?.at);
    if (at !== null) return at;
  }
  return 0;
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
  const startedAt = start.startedAt ?? firstTime(all);
  const watch = startWatch(policy, { ...start, startedAt });
  const history: Assessment[] = [];
  for (const sample of all) {
    const assessment = watch.observe(sample);
    history.push(assessment);
    if (assessment.decision !== 'continue' && assessment.settled) break;
  }
  const last = history.at(-1);
  const isOpen = last?.decision === 'continue';
  // The last scheduled poll is on record as missed: the end is judged without it, as it was live.
  if (last === undefined || (isOpen && last.at >= startedAt + policy.durationMs))
    history.push(watch.finish(last?.at ?? startedAt));
  return { ...(history.at(-1) as Assessment), history }; // at least one was pushed
};
