import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { PolledSample } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { backtest, withConfidence } from '@dhash/quality-gates/tune';
import { chromiumFile, hasTool, openChromium, startPrometheus, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/process/clock.ts';
import { runMain } from '../run-main.ts';

const stepMs = 30_000;
const hourMs = 3_600_000;
const from = Date.parse('2026-10-10T00:00:00Z');
const to = Date.parse('2026-10-12T00:00:00Z');
const incident = {
  from: Date.parse('2026-10-11T03:10:00Z'),
  to: Date.parse('2026-10-11T03:50:00Z'),
};

/** A poll of the watch that begins at seven. */
const spikeAt = from + 7 * hourMs + 1_860_000;

const gatesText = JSON.stringify({
  environments: {
    production: {
      duration: 60,
      autoRollback: true,
      qualityGates: {
        healthFailures: { threshold: 2 },
        failures: {
          kind: 'ratio',
          bad: 'bad_total',
          total: 'all_total',
          threshold: 5,
          timeWindow: 10,
        },
        slow: {
          kind: 'quantile',
          histogram: 'took_seconds',
          q: 0.95,
          scale: 1000,
          threshold: 2000,
          timeWindow: 15,
        },
        queue: { kind: 'level', gauge: 'queue_length', of: 'sum', threshold: 50 },
      },
    },
  },
});

/** Park and Miller's generator: the same two days in every run. */
const seeded = () => {
  let state = 7;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
};

/** Some 5 requests a minute of which 3 % fail; 60 % in the incident; a restart on the second noon; an hour of silence. */
const recordedDays = (): Map<number, PolledSample> => {
  const random = seeded();
  const samples = new Map<number, PolledSample>();
  let [all, bad, slow] = [0, 0, 0];
  for (let at = from; at <= to; at += stepMs) {
    if (at === from + 36 * hourMs) [all, bad, slow] = [0, 0, 0];
    const isIncident = at >= incident.from && at <= incident.to;
    for (let i = Math.floor(random() * 6); i > 0; i--) {
      all += 1;
      if (random() < (isIncident ? 0.6 : 0.03)) bad += 1;
      if (random() < 0.01) slow += 1;
    }
    if (at > from + 40 * hourMs && at < from + 41 * hourMs) continue;
    const le = { '1': all - slow, '3': all, '+Inf': all };
    samples.set(at, {
      at,
      health: { ok: random() > 0.01 },
      metrics: {
        all_total: all,
        bad_total: bad,
        queue_length: at === spikeAt ? 51 : Math.floor(random() * 40),
        took_seconds: { le, count: all, sum: 0 },
      },
    });
  }
  return samples;
};

const openMetrics = (samples: Iterable<PolledSample>): string[] => {
  const lines: string[] = [];
  for (const { at, health, metrics = {} } of samples) {
    const seconds = Number(at) / 1000;
    // Two instances, that together are what the samples say.
    lines.push(`up{job="notes",instance="a"} ${health?.ok ? 1 : 0} ${seconds}`);
    lines.push(`up{job="notes",instance="b"} 0 ${seconds}`);
    lines.push(`queue_length{job="other"} 1000 ${seconds}`);
    for (const [name, value] of Object.entries(metrics)) {
      if (typeof value === 'number') {
        lines.push(`${name}{job="notes",instance="a"} ${value - 1} ${seconds}`);
        lines.push(`${name}{job="notes",instance="b"} 1 ${seconds}`);
        continue;
      }
      for (const [bound, count] of Object.entries((value as { le: object }).le))
        lines.push(`${name}_bucket{job="notes",le="${bound}"} ${count} ${seconds}`);
    }
  }
  return lines;
};

it.runIf(hasTool('prometheus') && hasTool(chromiumFile))(
  'finds in a real Prometheus what the recorded samples say themselves',
  async () => {
    const samples = recordedDays();
    const url = await startPrometheus(openMetrics(samples.values()));
    const cwd = await tempFolder();
    await writeFile(join(cwd, 'gates.json'), gatesText);
    const run = async (...more: string[]) => {
      const argv = [
        ...['gates', 'backtest', '--gates', 'gates.json', '--promql', url, '--last', '2d'],
        ...['--until', '2026-10-12T00:00:10Z', '--selector', 'job="notes"'],
        ...['--incident', '2026-10-11T03:10:00Z/2026-10-11T03:50:00Z'],
      ];
      const { exit, out, err } = await runMain([...argv, ...more], {
        processEnv: {},
        cwd,
        clock: systemClock,
      });
      expect([exit, err]).toEqual([0, more.length === 0 ? '' : expect.any(String)]);
      return out;
    };
    const events = (await run('--json'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

    const policy = gatesFor(parseGates(gatesText, { file: 'gates.json' }), 'production');
    const recording = { sampleAt: (at: number) => samples.get(at) ?? null };
    const range = { from, to, everyMs: hourMs, incidents: [incident] };
    const direct = [
      ['as written', policy] as const,
      ['confidence off', withConfidence(policy, null)] as const,
    ].map(([rule, tried]) => ({ rule, ...backtest(tried, recording, range) }));

    const broken = direct.flatMap(({ rule, quiet }) =>
      quiet
        .filter(({ broke }) => broke.length > 0)
        .map(({ startedAt, at, broke }) => ({ rule, startedAt, at, broke })),
    );
    const found = events.filter(({ type }) => type === 'broke');
    expect(found).toMatchObject(broken);
    const count = (rule: string) => found.filter((each) => each['rule'] === rule).length;
    expect(count('confidence off')).toBeGreaterThan(count('as written') + 5);
    expect(found).toContainEqual(expect.objectContaining({ broke: ['queue'], at: spikeAt }));

    const watch = direct[0]?.incidents[0]?.watch;
    expect(events.at(-1)).toMatchObject({
      type: 'result',
      missing: [],
      incidents: [
        { rule: 'as written', broke: ['failures'], afterMs: Number(watch?.at) - incident.from },
        { rule: 'confidence off', broke: ['failures'] },
      ],
    });
    // Hours that touch the incident are not among the quiet ones.
    expect(events.at(-1)).toMatchObject({ rules: [{ watches: 47 }, { watches: 47 }] });
    expect(await run()).toMatch(
      /^production: 47 quiet watches of 1 h 00 min, .*\ngates +broke +inconclusive +by gate\nas written +\d+ of 47 .*\nconfidence off +\d+ of 47 .*\nincident of 2026-10-11T03:10:00.000Z, as written: caught after \d+ min \d+ s by failures\n/,
    );

    const said = await run('--html', 'backtest.html');
    const broke = count('as written');
    const headline = `these gates would have rolled back ${broke} quiet hours of 47; with confidence off: ${count('confidence off')}; and caught the incident of 2026-10-11 03:10 UTC after`;
    expect(said).toContain(headline);
    expect(said).toContain('as a page: backtest.html');
    const page = await (await openChromium()).newPage();
    const faults: string[] = [];
    page.on('pageerror', (error) => faults.push(String(error)));
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) faults.push(request.url());
    });
    await page.goto(pathToFileURL(join(cwd, 'backtest.html')).href);
    expect(await page.locator('h1').textContent()).toContain(headline);
    expect(await page.locator('.u-wrap').count()).toBe(4);
    expect(await page.locator('.calendar rect.broke').count()).toBe(broke);
    expect(
      await page
        .locator('.calendar rect.held, .calendar rect.unclear, .calendar rect.broke')
        .count(),
    ).toBe(47);
    expect(faults).toEqual([]);
  },
);
