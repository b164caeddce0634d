import type { WatchPolicy } from '@dhash/quality-gates';
import type { Clock } from '../clock.ts';
import { watchTime } from '../watch/watch-time.ts';
import { type Probes, type TakenSample, takeSample } from './take-sample.ts';

/** Who asks, how and for whom. */
export interface SamplingOptions extends Probes {
  readonly policy: WatchPolicy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told after each sample, for progress. */
  readonly onSample?: (sample: TakenSample, taken: number, of: number) => void;
}

/** `polls` samples, `everyMs` apart from now on; a due time that a slow answer swallowed is left out. */
const sampleEvery = async (
  { clock, signal, source, health, onSample }: SamplingOptions,
  { polls, everyMs }: { polls: number; everyMs: number },
): Promise<TakenSample[]> => {
  const startedAtMs = clock.now();
  const time = watchTime(clock, []);
  const samples: TakenSample[] = [];
  let step = 0;
  while (samples.length < polls) {
    const at = startedAtMs + step * everyMs;
    await clock.sleep(Math.max(0, at - time.now()), signal);
    const sample = await takeSample({ at, source, health, signal });
    samples.push(sample);
    onSample?.(sample, samples.length, polls);
    const elapsedSteps = everyMs > 0 ? Math.ceil((time.now() - startedAtMs) / everyMs) : 0;
    step = Math.max(step + 1, elapsedSteps);
  }
  return samples;
};

/**
 * Samples of the running release, by which `judgeArming` tells whether a gate is already beyond:
 * `policy.arming.polls` of them, `everyMs` apart.
 * @throws the signal's reason when aborted.
 */
export const takeArmingSamples = (options: SamplingOptions): Promise<TakenSample[]> =>
  sampleEvery(options, options.policy.arming);

/**
 * Samples of the running release over `policy.baseline`, both ends included, for gates that compare
 * with it; none where the policy asks for no baseline.
 * @throws the signal's reason when aborted.
 */
export const takeBaseline = async (options: SamplingOptions): Promise<TakenSample[]> => {
  const { baseline } = options.policy;
  if (baseline === null) return [];
  const polls = Math.floor(baseline.durationMs / baseline.cadenceMs) + 1;
  return sampleEvery(options, { polls, everyMs: baseline.cadenceMs });
};
