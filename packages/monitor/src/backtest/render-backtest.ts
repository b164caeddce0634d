import { renderPage } from '../report/page.ts';
import { reportStyle } from '../report/report-style.ts';
import { valueRange } from '../report/static-chart.ts';
import { uplotNotice, uplotScript, uplotStyle } from '../report/uplot-asset.ts';
import type { BacktestInput, BacktestSeries } from './backtest-data.ts';
import { backtestScript } from './backtest-script.ts';
import {
  alarmsSection,
  calendarSection,
  chartsSection,
  headSection,
  rulesSection,
} from './backtest-sections.ts';

const backtestStyle = `
header .more { font-size: 17px; color: var(--ink); }
.hint { margin: 0 0 12px; }
.wide { display: grid; gap: 14px; }
.strip svg.calendar { height: auto; }
.calendar text { fill: var(--faint); font-size: 11px; }
.calendar .held { fill: var(--good); opacity: .55; } .calendar .broke { fill: var(--bad); }
.calendar .unclear { fill: var(--warn); opacity: .7; } .calendar .incident { fill: none; stroke: var(--ink); stroke-width: 2; }
i.held { background: var(--good); opacity: .55; } i.broke { background: var(--bad); } i.unclear { background: var(--warn); }
i.incident { border: 2px solid var(--ink); }
@media (max-width: 520px) { .strip { overflow-x: auto; } .strip svg.calendar { min-width: 640px; } h1 { font-size: 21px; } }
`;

/** Four significant digits: a chart shows no more, and a month of polls is many numbers. */
const short = (value: number | null): number | null =>
  value === null ? null : Number(value.toPrecision(4));

const chartData = ({ policy, watches }: BacktestInput, series: BacktestSeries) => {
  const gate = policy.gates[series.gate];
  const hasLimit = gate !== undefined && gate.relative === null && gate.kind !== 'compare';
  const threshold = hasLimit ? gate.threshold : null;
  return {
    threshold,
    unit: gate?.unit ?? null,
    range: valueRange(series.values, threshold ?? 0),
    x: series.at.map((at) => at / 1000),
    y: series.values.map(short),
    breaks: watches.filter(({ broke }) => broke.includes(series.gate)).map(({ at }) => at / 1000),
  };
};

/**
 * What gates would have done to what was recorded, as one HTML page that loads nothing: the sentence
 * first, then each rule, a calendar of all watches, each gate over the whole time, every false alarm.
 * All but the charts reads without scripts. All text from outside is escaped. Pure.
 */
export const renderBacktest = (input: BacktestInput): string =>
  renderPage({
    title: `Backtest of gates: ${input.headline[0] ?? ''}`,
    style: `${uplotStyle}${reportStyle}${backtestStyle}`,
    script: `${uplotScript}${backtestScript}`,
    body: `${headSection(input)}
<main>
${rulesSection(input)}
${calendarSection(input)}
${chartsSection(input)}
${alarmsSection(input)}
</main>
<footer>Made by @dhash/monitor. Times are UTC. This page loads nothing.</footer>`,
    data: {
      incidents: input.incidents.map(({ from, to }) => [from / 1000, to / 1000]),
      gates: input.series.map((series) => chartData(input, series)),
    },
    notice: `The charts are drawn by ${uplotNotice}`,
  });
