import { pollTimes, type Sample, seriesKey, type WatchPolicy } from '../../src/index.ts';

/** What happens to the service and to those who read it, besides its traffic. */
export type Scene = {
  readonly title: string;
  readonly replicas: number;
  /** Each replica is started anew once. */
  readonly restarts: boolean;
  /** Labels come with their first request, and one of them goes. */
  readonly churn: boolean;
  /** Share of the readings of a replica that fail. */
  readonly gaps: number;
};

export const scenes: readonly Scene[] = [
  { title: 'one process', replicas: 1, restarts: false, churn: false, gaps: 0 },
  { title: 'three replicas, each restarted', replicas: 3, restarts: true, churn: false, gaps: 0 },
  { title: 'labels come and go', replicas: 1, restarts: false, churn: true, gaps: 0 },
  { title: 'a tenth of the scrapes missed', replicas: 3, restarts: false, churn: false, gaps: 0.1 },
  { title: 'all of it', replicas: 3, restarts: true, churn: true, gaps: 0.1 },
];

export type Traffic = {
  /** Of all replicas. */
  readonly perMinute: number;
  /** Of requests that fail, 0 to 1. */
  readonly share: number;
  readonly random: () => number;
};

const normal = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
/** A Poisson number; near enough to it where it is large. */
const poisson = (mean: number, random: () => number): number => {
  if (mean > 50) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal(random)));
  let count = 0;
  for (let left = Math.exp(-mean), product = random(); product > left; product *= random())
    count += 1;
  return count;
};
const failing = (count: number, share: number, random: () => number): number => {
  if (count * share * (1 - share) > 50)
    return Math.max(
      0,
      Math.min(
        count,
        Math.round(count * share + Math.sqrt(count * share * (1 - share)) * normal(random)),
      ),
    );
  let failed = 0;
  for (let i = 0; i < count; i++) if (random() < share) failed += 1;
  return failed;
};

const tenants = ['a', 'b', 'c', 'd'];
/** The seconds in which tenant d is not there yet, and tenant a no more. */
const comesAt = 1200;
const goesAt = 2400;

/** One watch of a service as Prometheus would have read it: a page of every replica at each poll. */
export const watchOf = (policy: WatchPolicy, scene: Scene, traffic: Traffic): Sample[] => {
  const { random } = traffic;
  const startS = 1_760_000_000;
  const replicas = Array.from({ length: scene.replicas }, (_, index) => ({
    name: `r${index}`,
    start: startS - 1000 - index - random(),
    restartAt: scene.restarts ? 300 + random() * 3000 : Infinity,
    counters: new Map<string, number>(),
  }));
  const labels = scene.churn ? tenants : ['a'];
  let before = 0;
  return pollTimes(policy).map((ms) => {
    const second = ms / 1000;
    const metrics: Record<string, unknown> = {};
    const processes: Record<string, number> = {};
    const here = labels.filter(
      (tenant) =>
        !scene.churn || (tenant === 'd' ? second >= comesAt : tenant !== 'a' || second < goesAt),
    );
    for (const replica of replicas) {
      if (second >= replica.restartAt) {
        replica.counters.clear();
        replica.start = startS + replica.restartAt;
        replica.restartAt = Infinity;
      }
      const since = Math.max(before, replica.start - startS);
      const mean = ((traffic.perMinute / 60) * (second - since)) / scene.replicas / here.length;
      for (const tenant of here) {
        const came = second === 0 ? 0 : poisson(mean, random);
        const failed = failing(came, traffic.share, random);
        for (const [name, by] of [
          ['requests_total', came],
          ['errors_total', failed],
        ] as const) {
          const key = seriesKey(name, { instance: replica.name, tenant });
          const count = (replica.counters.get(key) ?? 0) + by;
          // A client shows a labelled counter only once it was touched.
          if (count > 0) replica.counters.set(key, count);
        }
      }
      if (random() < scene.gaps) continue;
      processes[replica.name] = replica.start;
      for (const [key, count] of replica.counters)
        if (here.some((tenant) => key.includes(`tenant="${tenant}"`))) metrics[key] = count;
    }
    before = second;
    return {
      at: (startS + second) * 1000,
      health: { ok: true },
      metrics,
      processes,
      known: ['requests_total', 'errors_total'],
    };
  });
};
