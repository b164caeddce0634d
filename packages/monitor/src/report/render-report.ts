import { createHash } from 'node:crypto';
import { verdictWords } from '../view/format.ts';
import { escapeHtml, jsonForScript } from './escape.ts';
import { gatesScript } from './gates-asset.ts';
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

const sourceHash = (text: string): string =>
  `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Nothing is loaded and nothing is sent; only these two texts, by their hashes, take effect. */
const contentPolicy = [
  "default-src 'none'",
  `script-src ${sourceHash(script)}`,
  `style-src ${sourceHash(style)}`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

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
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escapeHtml(contentPolicy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(`${data.decision}: ${input.title}`)}</title>
<style>${style}</style>
</head>
<body>
${headerSection(input, data)}
<main>
${decisionSection(data)}
${tilesSection(data)}
${healthSection(data)}
${gatesSection(data, spanSeconds)}
${changesSection(data)}
${pollsSection(data)}
${recordSection(input)}
</main>
<footer>Made by @dhash/monitor. Times are UTC; +m:ss is from the start of the watch. This page loads nothing.</footer>
<script type="application/json" id="report-data">${jsonForScript(pageData(input, data, spanSeconds))}</script>
<script>${script}</script>
<!-- The charts are drawn by ${escapeHtml(uplotNotice)} -->
</body>
</html>
`;
};
