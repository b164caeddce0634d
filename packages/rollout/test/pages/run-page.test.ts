import { describe, expect, it } from 'vitest';
import { incidentText } from '../../src/pages/incident-text.ts';
import { renderRunPage } from '../../src/pages/render-run-page.ts';
import { runPage } from '../../src/pages/run-page.ts';
import type { RecordedEvent } from '../../src/record/events.ts';
import { folded } from '../record/recorded.ts';
import { at, endings } from './endings.ts';

/** A service that is not our friend: markup, Markdown, and marks that turn the direction of writing. */
const evil = `"'><script>alert(1)</script>\u202Egnp.exe\u2066 | [x](http://e.test) \`\`\``;

const hostile = (): readonly RecordedEvent[] =>
  at(
    [
      0,
      {
        type: 'run.opened',
        kind: 'deploy',
        env: evil,
        service: evil,
        version: evil,
        user: evil,
        host: evil,
        tool: { name: evil, version: evil },
      },
    ],
    [0, { type: 'deploy.planned', version: evil, previous: evil }],
    [1, { type: 'step.started', step: 'health' }],
    [2, { type: 'step.failed', step: 'health', error: evil }],
    [
      3,
      {
        type: 'data.set-aside',
        file: evil,
        sha256: evil,
        written: {
          files: { added: { count: 1 }, changed: { count: 0 }, removed: { count: 0 } },
          tables: [{ source: evil, table: evil, before: 1, after: 2 }],
        },
      },
    ],
    [
      4,
      {
        type: 'rollback.started',
        backup: evil,
        sha256: evil,
        proven: { at: evil, started: evil, totalMs: 1 },
        from: evil,
        to: 'x',
        trigger: 'person',
        user: evil,
        reason: evil,
      },
    ],
    [5, { type: 'rollback.not-validated', step: evil, error: evil, state: evil }],
  );

const pageOf = (events: readonly RecordedEvent[]) =>
  runPage({
    state: folded(events, evil),
    events,
    watch: null,
    held: 'free',
    shown: (path) => path,
  });

describe('the page of a run', () => {
  it.each(Object.entries(endings()))('%s is one small file that loads nothing', (_, page) => {
    const html = renderRunPage(page);
    expect(html.length).toBeLessThan(250_000);
    const markup = html.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
    expect(markup).not.toMatch(/\s(?:src|href|action|style|on[a-z]+)\s*=/i);
    expect(markup).not.toMatch(/NaN|Infinity|undefined|\[object/);
    expect(html).toContain('default-src &#39;none&#39;');
  });

  it('of a watch of ten hours stays below 500 kB', () => {
    const page = endings()['rolled-back'];
    const watch = page.watch;
    if (watch === null) throw new Error('this ending has a watch');
    const copies = <T>(some: readonly T[]): T[] => Array.from({ length: 240 }, () => some).flat();
    const long = {
      ...watch,
      samples: copies(watch.samples).map((sample, index) => ({
        ...sample,
        at: (watch.startedAt ?? 0) + index * 10_000,
        health: { ok: index % 3 !== 0, reason: `${index} ${'x'.repeat(200)}` },
      })),
      assessments: copies(watch.assessments).map((one, index) => ({
        ...one,
        at: (watch.startedAt ?? 0) + index * 10_000,
      })),
    };
    const html = renderRunPage({ ...page, watch: long });
    expect(long.samples.length).toBe(3600);
    expect(html.length).toBeLessThan(500_000);
  });

  it('takes no markup and no direction of writing from outside', () => {
    const html = renderRunPage(pageOf(hostile()));
    expect(html.match(/<script\b/g)).toHaveLength(2);
    expect(html).not.toContain('<script>alert');
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(html).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/);
  });
});

describe('incident.md', () => {
  it('says what is known, and leaves room for what is not', () => {
    const text = incidentText(endings()['rolled-back']);
    for (const heading of [
      'Summary',
      'Impact',
      'Downtime',
      'Timeline',
      'Data set aside',
      'Checklist',
      'Follow-ups',
    ])
      expect(text).toContain(`\n## ${heading}\n`);
    for (const known of [
      '426 rows and 3 files were set aside',
      '- in all: 11.2 s',
      '| 2026-11-24 10:03:23 UTC | stop (rollback) | 3.1 s | done |',
      '`npx dhash-rollout salvage 20261124T100000Z-production-deploy-3fa9`',
      '- [ ] Owner and date of each',
    ])
      expect(text).toContain(known);
  });

  it('is the same text whatever a service says: no markup, no row of a table, no second line', () => {
    const text = incidentText(pageOf(hostile()));
    const outside = text.replace(/\\./g, '').replace(/(`+)[^`][\s\S]*?[^`]\1(?!`)/g, '');
    expect(outside).not.toMatch(/<script|\[x\]|\u202E/);
    const rows = text.split('\n').filter((line) => line.startsWith('| '));
    for (const row of rows) expect(row.match(/(?<!\\)\|/g)).toHaveLength(5);
  });
});
