import { escapeHtml } from '@dhash/basics/escape-html';
import { table } from '../report/table.ts';
import { formatDuration, formatInstant, formatValue } from '../view/format.ts';
import type { BacktestInput, BacktestSeries } from './backtest-data.ts';
import { calendar, markOfWatch } from './calendar.ts';

/** More rows than this help nobody; the JSON output has them all. */
const mostRows = 200;

export const headSection = ({ policy, from, to, source, headline }: BacktestInput): string =>
  `<header>
<p>Backtest of gates · ${escapeHtml(policy.environment)}</p>
<h1>${escapeHtml(headline[0] ?? '')}</h1>
${headline
  .slice(1)
  .map((sentence) => `<p class="more">${escapeHtml(sentence)}</p>`)
  .join('\n')}
<p>${formatInstant(from)} to ${formatInstant(to)}, from ${escapeHtml(source)}</p>
</header>`;

export const rulesSection = ({ rules, incidents }: BacktestInput): string => {
  const caught = (rule: string) =>
    incidents
      .filter((incident) => incident.rule === rule)
      .map(({ from, afterMs, broke, decision }) =>
        afterMs === null
          ? `${formatInstant(from)}: not caught (${decision})`
          : `${formatInstant(from)}: after ${formatDuration(afterMs)} by ${broke.join(', ')}`,
      );
  const rows = rules.map(({ rule, watches, broke, inconclusive, gates }) => [
    { html: escapeHtml(rule), as: 'name' } as const,
    `${broke} of ${watches}`,
    String(inconclusive),
    gates,
    { html: caught(rule).map(escapeHtml).join('<br>') },
  ]);
  return `<h2>What each rule would have done</h2>
${table(['Gates', 'Broke', 'Inconclusive', 'By gate', 'Incidents caught'], rows)}`;
};

export const calendarSection = (input: BacktestInput): string => {
  const count = (mark: ReturnType<typeof markOfWatch>) =>
    input.watches.filter((watch) => markOfWatch(watch) === mark).length;
  const incidents = new Set(input.incidents.map(({ from }) => from)).size;
  return `<h2>Quiet watches, by the time they began</h2>
<section class="card strip" tabindex="0" aria-label="Quiet watches, a row a day">${calendar(input)}
<div class="legend"><span><i class="held"></i>held ${count('held')}</span><span><i class="broke"></i>broke ${count('broke')}</span><span><i class="unclear"></i>inconclusive ${count('unclear')}</span><span><i class="incident"></i>incidents ${incidents}</span></div></section>`;
};

const chartCard = (input: BacktestInput, { gate, values }: BacktestSeries): string => {
  const policy = input.policy.gates[gate];
  const worse = policy?.below === true ? Math.min : Math.max;
  const farthest = values.reduce(
    (worst, value) => (value === null ? worst : worst === null ? value : worse(worst, value)),
    null,
  );
  const unit = policy?.unit ?? null;
  const limit =
    policy === undefined || policy.relative !== null || policy.kind === 'compare'
      ? 'the baseline decides'
      : `${policy.below ? '≥' : '≤'} ${formatValue(policy.threshold, unit)}`;
  const reached =
    farthest === null ? 'nothing recorded' : `farthest ${formatValue(farthest, unit)}`;
  return `<article class="card gate">
<div class="top"><h3>${escapeHtml(gate)}</h3></div>
<p class="now"><b>${escapeHtml(reached)}</b>allowed ${escapeHtml(limit)}</p>
<div class="chart" data-label="${escapeHtml(`${gate} over the whole time: ${reached}, allowed ${limit}`)}"></div>
</article>`;
};

export const chartsSection = (input: BacktestInput): string => `<h2>Gates over the whole time</h2>
<p class="hint">Each gate's value over its window, at every poll of every quiet watch; red lines are watches that broke on it. Drag across to zoom, double-click to go back.</p>
<div class="wide">${input.series.map((series) => chartCard(input, series)).join('\n')}</div>`;

export const alarmsSection = ({ watches }: BacktestInput): string => {
  const broken = watches.filter(({ broke }) => broke.length > 0);
  const rows = broken
    .slice(0, mostRows)
    .map(({ startedAt, at, broke, reasons }) => [
      { html: formatInstant(startedAt), as: 'time' } as const,
      { html: `+${formatDuration(at - startedAt)}`, as: 'time' } as const,
      { html: escapeHtml(broke.join(', ')), as: 'name' } as const,
      reasons.join('; '),
    ]);
  const more =
    broken.length > mostRows
      ? `<p class="hint">and ${broken.length - mostRows} more: <code>--json</code> has them all</p>`
      : '';
  if (broken.length === 0)
    return '<h2>Quiet watches that broke</h2>\n<p class="hint">none: no false alarm</p>';
  return `<h2>Quiet watches that broke</h2>
<details class="card"><summary>All ${broken.length}, each with its reason</summary>
${table(['Began', 'Broke', 'Gates', 'Why'], rows)}${more}</details>`;
};
