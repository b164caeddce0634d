import { hasTool, startPrometheus } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { disarm } from '../../src/config.ts';
import { type PolledSample, replay, seriesKey } from '../../src/index.ts';
import { only } from '../support/polls.ts';
import { seeded } from '../support/traffic.ts';

const runs = 60;
const polls = 31;
const stepS = 30;
const windowS = 300;
/** A multiple of the step, so that a subquery falls on the scrapes. */
const startS = Math.floor(1_700_000_000 / stepS) * stepS;
const random = seeded(17);
const chance = (share: number) => random() < share;
const upTo = (most: number) => Math.floor(random() * (most + 1));

const bounds = ['0.1', '0.5', '1', '2.5', '+Inf'];
const q = 0.9;
// Limits that are never crossed: all polls are judged. The window holds the reading at its left end, as Prometheus 2 has it.
const policy = (() => {
  const windowed = { timeWindow: `${windowS * 1000 + 1}ms`, minEvents: 1 };
  const gates = {
    ratio: { kind: 'ratio', bad: 'e_total{code=~"5.."}', total: 'r_total{route!="/health"}' },
    slow: { kind: 'quantile', histogram: 'h{route!="/health"}', q },
  };
  const qualityGates = {
    ratio: { ...gates.ratio, ...windowed, threshold: 99, confidence: 'off' },
    slow: { ...gates.slow, ...windowed, threshold: 1000 },
  };
  const built = only({}, { duration: '15m', qualityGates });
  return disarm(built, Object.keys(built.gates));
})();

type Series = {
  readonly labels: Record<string, string>;
  readonly most: number;
  /** Of each bucket; of a counter, one. */
  counts: number[];
  last: number[];
  seen: 'not yet' | 'here' | 'away';
  /** Not shown since its process was started anew. */
  isRenewed: boolean;
};
const seriesOf = (labels: Record<string, string>, most: number, buckets: number): Series => ({
  labels,
  most,
  counts: new Array<number>(buckets).fill(0),
  last: new Array<number>(buckets).fill(0),
  seen: 'not yet',
  isRenewed: false,
});

/** One service whose series come, go for a while and come back, and whose process is started anew. */
const runOf = (run: number) => {
  const names = ['/a', '/b', '/c', '/health'];
  const metrics: Record<string, Series[]> = {
    e_total: ['500', '503', '404'].flatMap((code) =>
      names.map((route) => seriesOf({ code, route }, 2, 1)),
    ),
    r_total: names.map((route) => seriesOf({ route }, 100, 1)),
    h: names.map((route) => seriesOf({ route }, 40, bounds.length)),
  };
  const lines: string[] = [];
  const samples: PolledSample[] = [];
  const restarts = new Set<number>();
  let start = startS - 1000;
  const put = (name: string, labels: Record<string, string>, poll: number, value: number) => {
    const all = { ...labels, run: String(run) };
    lines.push(`${seriesKey(name, all)} ${value} ${startS + poll * stepS}`);
  };
  const write = (name: string, { labels }: Series, poll: number, counts: readonly number[]) => {
    if (name !== 'h') put(name, labels, poll, counts[0] ?? 0);
    else
      for (const [i, le] of bounds.entries())
        put('h_bucket', { ...labels, le }, poll, counts[i] ?? 0);
  };
  for (let poll = 0; poll < polls; poll++) {
    const isRestart = poll > 3 && poll < polls - 2 && chance(0.05) && !restarts.has(poll - 1);
    if (isRestart) {
      restarts.add(poll);
      start = startS + poll * stepS - 10;
    }
    const page: Record<string, unknown> = {};
    for (const [name, all] of Object.entries(metrics))
      for (const series of all) {
        const isFirst = series.seen === 'not yet';
        // Without any series of the total there is no reading of the ratio.
        const isFirstRoute = series.labels['route'] === '/a' && name === 'r_total';
        if (isFirst && !isFirstRoute && (poll === 0 ? chance(0.3) : !chance(0.1))) continue;
        if (isRestart) series.counts = series.counts.map(() => 0);
        let count = 0;
        series.counts = series.counts.map((before) => {
          // Never more failures than requests, and no bursts: those are held a poll longer.
          count += isRestart ? upTo(2) : Math.ceil(series.most / 2) + upTo(series.most / 2);
          return before + count;
        });
        // What a new process counts is told from what the old one had by being less.
        series.isRenewed ||= isRestart;
        const isTold =
          !series.isRenewed || series.counts.every((now, i) => now < (series.last[i] ?? 0));
        const isHere = poll === 0 || (isTold && (isFirstRoute || !chance(0.1)));
        if (series.isRenewed && !isHere) series.counts = series.counts.map(() => 0);
        if (isFirst && !isHere) continue;
        // Prometheus writes the 0 at which a new series began where it is told that; here it is written for it.
        if (isFirst && poll > 0)
          write(
            name,
            series,
            poll - 1,
            series.counts.map(() => 0),
          );
        series.seen = isHere ? 'here' : 'away';
        if (!isHere) continue;
        series.last = [...series.counts];
        series.isRenewed = false;
        write(name, series, poll, series.counts);
        const [value] = series.counts;
        const le = Object.fromEntries(bounds.map((bound, i) => [bound, series.counts[i] ?? 0]));
        page[seriesKey(name, series.labels)] =
          name === 'h' ? { le, count: series.counts.at(-1) ?? 0, sum: 0 } : value;
      }
    samples.push({
      at: (startS + poll * stepS) * 1000,
      health: { ok: true },
      metrics: page,
      processes: { shop: start },
      known: ['e_total', 'r_total', 'h'],
    });
  }
  return { lines, samples, restarts };
};

type Answer = { data: { result: { metric: { run: string }; value: [number, string] }[] } };

it.runIf(hasTool('prometheus'))(
  "counts as real Prometheus' sum(increase()) and histogram_quantile do, on series that come, go and restart",
  async () => {
    const all = Array.from({ length: runs }, (_, run) => runOf(run));
    const url = await startPrometheus(all.flatMap(({ lines }) => lines));
    const ask = async (query: string, at: number) => {
      const asked = await fetch(
        `${url}/api/v1/query?${new URLSearchParams({ query, time: String(at) })}`,
      );
      const { data } = (await asked.json()) as Answer;
      return new Map(
        data.result.map(({ metric, value }) => [Number(metric.run), Number(value[1])]),
      );
    };
    // A series that is away keeps its last value; a window that begins and ends at a scrape is not extrapolated.
    const increase = (series: string, by: string) =>
      `sum by (${by}) (increase(last_over_time(${series}[1h])[${windowS}s:${stepS}s]))`;
    const bad = increase('e_total{code=~"5.."}', 'run');
    const total = increase('r_total{route!="/health"}', 'run');
    const buckets = increase('h_bucket{route!="/health"}', 'run,le');

    const ours = all.map(
      ({ samples }) => replay(policy, samples, { startedAt: startS * 1000 }).history,
    );
    const compared = { sums: 0, shares: 0, quantiles: 0, restarts: 0 };
    const close = (mine: number, theirs: number) =>
      Math.abs(mine - theirs) <= 1e-9 * Math.max(1, Math.abs(theirs));
    for (let poll = windowS / stepS; poll < polls; poll++) {
      const at = startS + poll * stepS;
      const [bads, totals, quantiles] = await Promise.all([
        ask(bad, at),
        ask(total, at),
        ask(`histogram_quantile(${q}, ${buckets})`, at),
      ]);
      for (const [run, { restarts }] of all.entries()) {
        // Held until the next poll, by which it is counted at its own time.
        if (restarts.has(poll)) continue;
        compared.restarts += restarts.has(poll - 1) ? 1 : 0;
        const { ratio, slow } = ours[run]?.[poll]?.gates ?? {};
        const all = totals.get(run) ?? 0;
        const told = `run ${run} poll ${poll}`;
        expect(close(ratio?.events ?? 0, all), `${told}: ${ratio?.events}, Prometheus ${all}`).toBe(
          true,
        );
        compared.sums += 1;
        const share = (100 * (bads.get(run) ?? 0)) / all;
        expect(
          close(ratio?.value ?? 0, share),
          `${told}: ${ratio?.value} %, Prometheus ${share} %`,
        ).toBe(true);
        compared.shares += 1;
        const theirs = quantiles.get(run) ?? Number.NaN;
        if (slow?.value === null || slow === undefined || Number.isNaN(theirs)) continue;
        expect(close(slow.value, theirs), `${told}: ${slow.value}, Prometheus ${theirs}`).toBe(
          true,
        );
        compared.quantiles += 1;
      }
    }
    console.log(`compared with a real Prometheus: ${JSON.stringify(compared)}`);
    expect(compared.sums).toBeGreaterThan(1000);
    expect(compared.quantiles).toBeGreaterThan(1000);
    expect(compared.restarts).toBeGreaterThan(20);
  },
);
