import { pollTimes, replay, type Sample, type WatchPolicy } from '../../src/index.ts';

/** mulberry32: the same traffic in every run. */
export const seeded = (seed: number) => {
  let state = seed;
  return (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** One watch of a service with Poisson traffic of which a share fails, each request by itself. */
export const trafficSamples = (
  policy: WatchPolicy,
  { perMinute, share, random }: { perMinute: number; share: number; random: () => number },
): Sample[] => {
  let [bad, total, next] = [0, 0, 0];
  const wait = () => (-Math.log(1 - random()) * 60_000) / perMinute;
  next = wait();
  return pollTimes(policy).map((at) => {
    for (; next <= at; next += wait()) {
      total += 1;
      if (random() < share) bad += 1;
    }
    return { at, health: { ok: true }, metrics: { bad, total } };
  });
};

/** Share of watches rolled back, 0 to 1, and the median second of those. */
export const simulate = (
  policy: WatchPolicy,
  traffic: { perMinute: number; share: number; runs: number; seed: number },
): { rolledBack: number; medianSecond: number | null } => {
  const random = seeded(traffic.seed);
  const seconds: number[] = [];
  for (let run = 0; run < traffic.runs; run++) {
    const { decision, at } = replay(policy, trafficSamples(policy, { ...traffic, random }));
    if (decision === 'rollback') seconds.push(at / 1000);
  }
  seconds.sort((a, b) => a - b);
  return {
    rolledBack: seconds.length / traffic.runs,
    medianSecond: seconds[Math.floor(seconds.length / 2)] ?? null,
  };
};
