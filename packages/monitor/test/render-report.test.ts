import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { gatesScript as currentGates } from '../scripts/gates-asset.js';
import { renderReport } from '../src/index.ts';
import { gatesScript } from '../src/report/gates-asset.ts';
import { jsonForScript } from '../src/report/json-for-script.ts';
import { reportData } from '../src/report/report-data.ts';
import { staticChart, valueRange } from '../src/report/static-chart.ts';
import { uplotScript, uplotStyle } from '../src/report/uplot-asset.ts';
import { assessmentOf, brokenWatch, verdictOf } from './support/watched.ts';

const report = () => renderReport(brokenWatch());
/** The page's text as it reads without scripts. */
const readable = (html: string) =>
  html
    .replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, ' ')
    .replace(/\s+/g, ' ');

describe('a report', () => {
  it('says the decision first, and everything essential without scripts', () => {
    const text = readable(report());
    expect(text.indexOf('Rollback')).toBeLessThan(text.indexOf('Health'));
    for (const essential of [
      'dhash 1.2 → production',
      'run-1',
      'after 1:00 of 1:00:00',
      'lowConfidenceQueue: queue of 1001 over 1000',
      '1001 items allowed ≤ 1000 items',
      'HTTP 503: full',
      'missed: asleep',
      '7:abc',
      'cd'.repeat(32),
      '2026-11-24 02:00:00 UTC to 2026-11-24 02:01:00 UTC',
      'OK 1 not OK 1 not known 0 missed 1',
    ]) {
      expect(text).toContain(essential);
    }
  });

  it('puts the broken gate before the others and tells each change once', () => {
    const text = readable(report());
    const gates = text.slice(text.indexOf('Gates '), text.indexOf('Verdict changes'));
    expect(gates.indexOf('lowConfidenceQueue')).toBeLessThan(gates.indexOf('healthFailures'));
    const changes = text.slice(text.indexOf('Verdict changes'), text.indexOf('Polls All'));
    expect(changes.match(/\+\d+:\d\d/g)).toEqual(['+0:00', '+0:00', '+1:00']);
    expect(changes).toContain('✔ pass → ✖ break queue of 1001 over 1000');
  });

  it.each([
    ['promote', 'good', 'Promote'],
    ['rollback', 'bad', 'Rollback'],
    ['freeze', 'bad', 'Freeze'],
    ['alert', 'bad', 'Alert'],
    ['inconclusive', 'warn', 'Inconclusive'],
    ['interrupted', 'warn', 'Interrupted'],
    ['stood-down', 'warn', 'Stood down'],
    ['continue', 'off', 'Watching'],
  ] as const)('%s', (decision, tone, word) => {
    const html = renderReport({ ...brokenWatch(), decision });
    expect(html).toMatch(
      new RegExp(`<section class="decision ${tone}"[^>]*>\\s*<p class="word"><b>\\S ${word}</b>`),
    );
    expect(html).toContain(`<title>${decision}: dhash`);
  });

  it('of a watch without any poll is one too', () => {
    const html = renderReport({ ...brokenWatch(), samples: [], assessments: [] });
    expect(readable(html)).toContain('Watching');
    expect(readable(html)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('has no number that is none', () => {
    expect(readable(report())).not.toMatch(/NaN|Infinity|undefined|null/);
    expect(
      report()
        .match(/<svg[\s\S]*?<\/svg>/g)
        ?.join(''),
    ).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('what the page may do', () => {
  it('refers to nothing outside itself', () => {
    const html = report();
    const markup = html.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
    expect(markup).not.toMatch(
      /\s(?:src|href|srcset|action|data|poster|formaction|background|xlink:href)\s*=/i,
    );
    expect(markup).not.toMatch(
      /<(?:link|img|iframe|object|embed|base|form|a|video|audio|source|image|use)\b/i,
    );
    expect(html).not.toMatch(/@import|url\(|https?:|["'(]\/\/[a-z]/i);
    expect(html).not.toMatch(
      /\b(?:fetch|XMLHttpRequest|WebSocket|EventSource|sendBeacon|importScripts)\b|\bimport\(/,
    );
  });

  it('allows its own script and style by their hashes, and nothing else', () => {
    const html = report();
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? '';
    const hash = (text: string) =>
      `'sha256-${createHash('sha256').update(text).digest('base64')}'`.replaceAll("'", '&#39;');
    const script = /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
    expect(policy.split('; ')).toEqual([
      'default-src &#39;none&#39;',
      `script-src ${hash(script)}`,
      `style-src ${hash(style)}`,
      'base-uri &#39;none&#39;',
      'form-action &#39;none&#39;',
    ]);
    expect(html.match(/<script\b/g)).toHaveLength(2);
    expect(html).not.toMatch(/\sstyle\s*=|\son[a-z]+\s*=\s*["']/i);
    expect(html.indexOf('Content-Security-Policy')).toBeLessThan(html.indexOf('<style>'));
  });

  it('takes no markup from outside, wherever the text comes in', () => {
    const evil = `"'><script>alert(1)</script><!--</title></style>`;
    const input = brokenWatch();
    const html = renderReport({
      ...input,
      run: evil,
      title: evil,
      policy: { ...input.policy, environment: evil, fingerprint: evil },
      journal: { head: evil },
      samplesSha256: evil,
      samples: [{ at: 0, health: { ok: false, reason: evil } }],
      assessments: [
        assessmentOf(
          0,
          { [evil]: { verdict: 'break', sentence: evil, unit: evil } },
          { reasons: [evil], decision: 'alert' },
        ),
      ],
    });
    const clean = renderReport(input);
    const tags = (page: string) => [...new Set(page.match(/<\/?[a-z!][^\s>]*/g))].sort();
    expect(tags(html).filter((tag) => !tags(clean).includes(tag))).toEqual([]);
    expect(html.match(/<script\b/g)).toHaveLength(2);
    expect(html.match(/<!--/g)).toHaveLength(1);
    expect(html).not.toContain(evil);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('reads back the very data, whatever it holds', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string({ unit: 'binary' }), (value, text) => {
        const json = jsonForScript({ value, text });
        expect(json).not.toMatch(/[<>]/);
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ value, text })));
      }),
    );
  });
});

describe('the chart that is there without scripts', () => {
  const series = {
    gate: 'queue',
    verdict: verdictOf({ threshold: 100 }),
    below: false,
    isAdjustable: true,
    points: [
      [0, 50],
      [30, null],
      [60, 150],
      [90, 100],
    ],
    marks: [{ seconds: 60, to: 'break' }],
  } as const;

  it('marks verdict changes, but not that a gate first passed', () => {
    const gate = (verdict: 'pending' | 'pass' | 'nodata' | 'break') => ({ queue: { verdict } });
    const { gates } = reportData({
      ...brokenWatch(),
      assessments: [
        assessmentOf(0, gate('pending')),
        assessmentOf(30, gate('pass')),
        assessmentOf(60, gate('nodata')),
        assessmentOf(90, gate('pass')),
        assessmentOf(120, gate('break')),
      ],
    });
    expect(gates[0]?.marks).toEqual([
      { seconds: 60, to: 'nodata' },
      { seconds: 90, to: 'pass' },
      { seconds: 120, to: 'break' },
    ]);
  });

  it('breaks the line where there is no value', () => {
    expect(/<path class="value" d="([^"]*)"/.exec(staticChart(series, 90))?.[1]).toMatch(
      /^M[\d.]+ [\d.]+M[\d.]+ [\d.]+L[\d.]+ [\d.]+$/,
    );
  });

  it('puts the value at the threshold on its line, and a greater one above', () => {
    const svg = staticChart(series, 90);
    const limit = Number(/class="limit" x1[^/]*y1="([\d.]+)"/.exec(svg)?.[1]);
    const heights = [...svg.matchAll(/cy="([\d.]+)"/g)].map(([, y]) => Number(y));
    expect(heights).toHaveLength(3);
    expect(heights[2]).toBe(limit);
    expect(heights[1]).toBeLessThan(limit);
    expect(heights[0]).toBeGreaterThan(limit);
    expect(svg).toContain('class="mark break"');
  });

  it.each([
    [[50, null, 150], 100, [0, 168]],
    [[], 2, [0, 2.24]],
    [[0], 0, [0, 1]],
    [[-5], 0, [-5, 0.6]],
  ])('%j with the threshold %d spans %j', (values, threshold, [low, high]) => {
    expect(valueRange(values, threshold)).toEqual([low, expect.closeTo(high as number)]);
  });
});

describe('the gates’ own code', () => {
  it('is that of @dhash/quality-gates (else: node scripts/gates-asset.js)', async () => {
    expect(gatesScript).toBe(await currentGates());
  });
});

describe('uPlot', () => {
  const require = createRequire(import.meta.url);

  it('is the installed one (else: node scripts/uplot-asset.js)', async () => {
    const installed = await readFile(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8');
    expect(installed.trim().endsWith(uplotScript)).toBe(true);
    expect((await readFile(require.resolve('uplot/dist/uPlot.min.css'), 'utf8')).trim()).toBe(
      uplotStyle,
    );
  });

  it('comes with its licence', () => {
    expect(report()).toMatch(/uPlot \d+\.\d+\.\d+\s+The MIT License[\s\S]*Leon Sorokin/);
  });
});
