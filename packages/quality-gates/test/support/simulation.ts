import { replay, type Sample } from '../../src/index.ts';
import { argo, flagger } from './peers.ts';
import { policyOf } from './policies.ts';
import { type Scene, watchOf } from './simulated-service.ts';
import { seeded } from './traffic.ts';

const limitPercent = 5;
/** Polled every 30 s, as often as a Prometheus scrapes: all decide on the same samples. */
export const simulatedPolicy = policyOf(
  {
    errors: {
      kind: 'ratio',
      bad: 'errors_total',
      total: 'requests_total',
      threshold: limitPercent,
      timeWindow: 10,
    },
  },
  { pollCadence: { initial: 30, normal: 30 } },
);

export type Cell = {
  /** Of the watches, 0 to 1. */
  readonly rolledBack: number;
  readonly promoted: number;
  /** Of those rolled back; s. */
  readonly medianSecond: number | null;
};
export type Judges = Readonly<Record<'ours' | 'argo' | 'flagger', Cell>>;

const cell = (seconds: readonly (number | null | 'inconclusive')[]): Cell => {
  const rolled = seconds.filter((each) => typeof each === 'number').sort((a, b) => a - b);
  return {
    rolledBack: rolled.length / seconds.length,
    promoted: seconds.filter((each) => each === null).length / seconds.length,
    medianSecond: rolled[Math.floor(rolled.length / 2)] ?? null,
  };
};

const ours = (samples: readonly Sample[]): number | null | 'inconclusive' => {
  const { decision, at } = replay(simulatedPolicy, samples);
  if (decision === 'rollback') return (at - Number(samples[0]?.at)) / 1000;
  return decision === 'promote' ? null : 'inconclusive';
};

/** What each of them decides on the same watches. */
export const simulateScene = (
  scene: Scene,
  {
    perMinute,
    share,
    runs,
    seed,
  }: { perMinute: number; share: number; runs: number; seed: number },
): Judges => {
  const random = seeded(seed);
  const watches = Array.from({ length: runs }, () =>
    watchOf(simulatedPolicy, scene, { perMinute, share, random }),
  );
  const limit = limitPercent / 100;
  return {
    ours: cell(watches.map(ours)),
    argo: cell(watches.map((samples) => argo(samples, limit))),
    flagger: cell(watches.map((samples) => flagger(samples, limit))),
  };
};
