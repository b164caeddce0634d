import { verdictWords } from '../view/format.ts';
import { gatesScript } from './gates-asset.ts';
import { renderPage } from './page.ts';
import { replayScript } from './replay-script.ts';
import { type ReportData, type ReportInput, reportData } from './report-data.ts';
import { reportScript } from './report-script.ts';
import { reportStyle } from './report-style.ts';
import {
  changesSection,
  decisionSection,
  gatesSection,
  headerSection,
  healthSection,
  pollsSection,
  recordSection,
  tilesSection,
} from './sections.ts';
import { valueRange } from './static-chart.ts';
import { uplotNotice, uplotScript, uplotStyle } from './uplot-asset.ts';

/*
 * uPlot lies in this package as a generated, committed module instead of being read from
 * node_modules when a report is made: the same text is there from source, from dist, in a bundle and
 * on a machine without node_modules, and users install one dependency less. So does the gates' code.
 */

const script = `${uplotScript}${gatesScript}${replayScript}${reportScript}`;
const style = `${uplotStyle}${reportStyle}`;

/** What the page replays. The address of a control check decides nothing there. */
const runData = ({ policy, samples, baseline, activation }: ReportInput, startedAt: number) => ({
  policy: { ...policy, health: { control: null } },
  samples,
  start: { startedAt, baseline, activation },
});

const pageData = (input: ReportInput, data: ReportData, spanSeconds: number) => ({
  span: spanSeconds,
  decision: data.decision,
  run: runData(input, data.startedAtMs),
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

/**
 * The report of a watch as one HTML page that loads nothing: decision first, then health, gates with
 * charts, verdict changes, polls, record. The page replays the watch with the gates' own code, and again
 * with any other limit. Without scripts its charts are still ones. All text from
 * outside is escaped, and a content policy lets only the page's own script and style run. Pure.
 */
export const renderReport = (input: ReportInput): string => {
  const data = reportData(input);
  const spanSeconds = Math.max(1, (data.endedAtMs - data.startedAtMs) / 1000);
  return renderPage({
    title: `${data.decision}: ${input.title}`,
    style,
    script,
    body: `${headerSection(input, data)}
<main>
${decisionSection(data)}
${tilesSection(data)}
${healthSection(data)}
${gatesSection(data, spanSeconds)}
${changesSection(data)}
${pollsSection(data)}
${recordSection(input)}
</main>
<footer>Made by @dhash/monitor. Times are UTC; +m:ss is from the start of the watch. This page loads nothing.</footer>`,
    data: pageData(input, data, spanSeconds),
    notice: `The charts are drawn by ${uplotNotice}`,
  });
};
