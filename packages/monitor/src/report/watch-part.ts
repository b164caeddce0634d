import { gzipSync } from 'node:zlib';
import { verdictWords } from '../view/format.ts';
import { gatesScript } from './gates-asset.ts';
import { replayScript } from './replay-script.ts';
import { type ReportData, type ReportInput, reportData } from './report-data.ts';
import { reportScript } from './report-script.ts';
import { changesSection, gatesSection, healthSection, pollsSection } from './sections.ts';
import { valueRange } from './static-chart.ts';
import { uplotNotice, uplotScript, uplotStyle } from './uplot-asset.ts';

/*
 * uPlot lies in this package as a generated, committed module instead of being read from
 * node_modules when a report is made: the same text is there from source, from dist, in a bundle and
 * on a machine without node_modules, and users install one dependency less. So does the gates' code.
 */

/** Most of a recorded watch that a page carries, in characters of base64: the page stays below 500 kB. */
const mostCarried = 200_000;

/** What the page replays. The address of a control check decides nothing there. */
const runData = ({ policy, samples, baseline, activation }: ReportInput, startedAt: number) => ({
  policy: { ...policy, health: { control: null } },
  samples,
  start: { startedAt, baseline, activation },
});

/** The same as base64 of gzip; `null`: it is too long for a page. */
const carried = (run: unknown): string | null => {
  const text = gzipSync(JSON.stringify(run)).toString('base64');
  return text.length > mostCarried ? null : text;
};

const partData = (input: ReportInput, data: ReportData, spanSeconds: number) => ({
  span: spanSeconds,
  decision: data.decision,
  run: carried(runData(input, data.startedAtMs)),
  events: data.events,
  words: Object.fromEntries(
    Object.entries(verdictWords).map(([verdict, word]) => [verdict, word.toLowerCase()]),
  ),
  gates: data.gates.map(({ gate, verdict, below, points }) => ({
    gate,
    threshold: verdict.threshold,
    unit: verdict.unit,
    below,
    range: valueRange(
      points.map(([, value]) => value),
      verdict.threshold,
    ),
  })),
});

/** Waits for the record to be unpacked; a browser that can't keeps the charts that stand in the page. */
const script = `${uplotScript}${gatesScript}
(async () => {
  'use strict';
  const data = JSON.parse(document.getElementById('report-data').textContent);
  if (data.run === null || !('DecompressionStream' in globalThis)) return;
  const bytes = Uint8Array.from(atob(data.run), (char) => char.charCodeAt(0));
  const run = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).json();
  ${replayScript}
  ${reportScript}
})();
`;

/** What a watch brings to a page. */
export type WatchPart = {
  readonly data: ReportData;
  /** Markup: strip of health, gates with charts. */
  readonly charts: string;
  /** Markup: verdict changes, polls. */
  readonly details: string;
  readonly style: string;
  readonly script: string;
  /** For the page's element `report-data`. */
  readonly pageData: unknown;
  readonly notice: string;
};

/** The charts and tables of a watch, for a page that says more than the watch; its element `replayed` is the page's to have. Pure. */
export const watchPart = (input: ReportInput): WatchPart => {
  const data = reportData(input);
  const spanSeconds = Math.max(1, (data.endedAtMs - data.startedAtMs) / 1000);
  return {
    data,
    charts: `${healthSection(data)}\n${gatesSection(data, spanSeconds)}`,
    details: `${changesSection(data)}\n${pollsSection(data)}`,
    style: uplotStyle,
    script,
    pageData: partData(input, data, spanSeconds),
    notice: `The charts are drawn by ${uplotNotice}`,
  };
};
