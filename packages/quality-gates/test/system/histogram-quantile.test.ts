import { hasTool, startPrometheus } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { histogramQuantile } from '../../src/windows/histogram-quantile.ts';
import { seeded } from '../support/traffic.ts';

const atSeconds = 1_700_000_000;
const random = seeded(3);

type Buckets = { bounds: number[]; counts: number[] };

/** Bounds anywhere, also below 0; empty buckets, also all of them; a bucket read before the one below it. */
const randomBuckets = (_: unknown, index: number): Buckets => {
  const many = 1 + Math.floor(random() * 20);
  const scale = 10 ** Math.floor(random() * 8 - 4);
  const lowest = index % 4 === 0 ? -scale * 5 : 0;
  let bound = lowest;
  const bounds = Array.from({ length: many }, () => {
    bound += scale * (0.01 + random());
    return bound;
  });
  let count = 0;
  const counts = [...bounds, Infinity].map(() => {
    count += random() < 0.3 || index % 50 === 7 ? 0 : Math.floor(random() * 10 ** (index % 7));
    return count;
  });
  if (index % 10 === 3 && counts.length > 2) counts[1] = Math.floor((counts[1] ?? 0) / 2);
  return { bounds: [...bounds, Infinity], counts };
};

type Answer = { data: { result: { metric: { case: string }; value: [number, string] }[] } };

it.runIf(hasTool('prometheus'))(
  "is real Prometheus' histogram_quantile, within 1e-9, on random histograms",
  async () => {
    const cases = Array.from({ length: 400 }, randomBuckets);
    const url = await startPrometheus(
      cases.flatMap(({ bounds, counts }, index) =>
        bounds.map((bound, bucket) => {
          const le = bound === Infinity ? '+Inf' : String(bound);
          return `h_bucket{case="${index}",le="${le}"} ${counts[bucket]} ${atSeconds}`;
        }),
      ),
    );
    let compared = 0;
    for (const q of [0.001, 0.25, 0.5, 0.9, 0.95, 0.999, 1]) {
      const query = `histogram_quantile(${q}, h_bucket)`;
      const asked = await fetch(
        `${url}/api/v1/query?${new URLSearchParams({ query, time: String(atSeconds) })}`,
      );
      const { data } = (await asked.json()) as Answer;
      expect(data.result).toHaveLength(cases.length);
      for (const { metric, value } of data.result) {
        const { bounds, counts } = cases[Number(metric.case)] as Buckets;
        const ours = histogramQuantile(q, bounds, counts)?.value ?? Number.NaN;
        const theirs = Number(value[1]);
        const isClose =
          Number.isNaN(theirs) && Number.isNaN(ours)
            ? true
            : Math.abs(ours - theirs) <= 1e-9 * Math.max(1e-300, Math.abs(theirs));
        expect(isClose, `q ${q} of case ${metric.case}: ours ${ours}, Prometheus' ${theirs}`).toBe(
          true,
        );
        if (!Number.isNaN(theirs)) compared += 1;
      }
    }
    expect(compared).toBeGreaterThan(2000);
  },
);
