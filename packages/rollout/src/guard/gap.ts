import type { Sample } from '@dhash/quality-gates';

/** How long a run went unwatched, as its log tells: whatever the reason, and over any number of resumes. */
export interface Gap {
  add(sample: Sample): void;
  /** The longest time without a look at the release up to now, of those in which a poll was missed, ms. */
  longestMs(nowMs: number): number;
}

const toMs = (at: number | string): number => (typeof at === 'number' ? at : Date.parse(at));

/**
 * @param startedAtMs when the window began
 * @param past what the log of a resumed watch holds
 */
export const startGap = (startedAtMs: number, past: readonly Sample[]): Gap => {
  let lookedAtMs = startedAtMs;
  let hasMissed = false;
  let longestMs = 0;
  const add = (sample: Sample): void => {
    if ('missed' in sample) {
      hasMissed = true;
      return;
    }
    const atMs = toMs(sample.at);
    if (hasMissed) longestMs = Math.max(longestMs, atMs - lookedAtMs);
    hasMissed = false;
    lookedAtMs = atMs;
  };
  for (const sample of past) add(sample);
  return { add, longestMs: (nowMs) => Math.max(longestMs, nowMs - lookedAtMs) };
};
