import { escapeHtml } from '@dhash/basics/escape-html';
import type { Verdict } from '@dhash/quality-gates';
import {
  formatDuration,
  formatInstant,
  formatValue,
  type PollMark,
  verdictWords,
} from '../view/format.ts';
import { limitText } from '../view/limit.ts';
import type { GateSeries, PollRow, ReportData, ReportInput } from './report-data.ts';
import { staticChart } from './static-chart.ts';
import { table } from './table.ts';

type Tone = 'good' | 'bad' | 'warn' | 'off';

const decisions: Readonly<
  Record<ReportData['decision'], { word: string; mark: string; tone: Tone; says: string }>
> = {
  promote: {
    word: 'Promote',
    mark: '✔',
    tone: 'good',
    says: 'every gate held over the whole watch',
  },
  rollback: {
    word: 'Rollback',
    mark: '✖',
    tone: 'bad',
    says: 'a gate broke, and it asks for a rollback',
  },
  freeze: {
    word: 'Freeze',
    mark: '✖',
    tone: 'bad',
    says: 'a gate broke: nothing is undone until a person decides',
  },
  alert: {
    word: 'Alert',
    mark: '✖',
    tone: 'bad',
    says: 'a gate broke: no automatic act was asked for',
  },
  advise: {
    word: 'Advice',
    mark: '!',
    tone: 'warn',
    says: 'a gate broke that only advises: nothing is done',
  },
  inconclusive: {
    word: 'Inconclusive',
    mark: '?',
    tone: 'warn',
    says: 'not enough data to say that the release is good',
  },
  interrupted: {
    word: 'Interrupted',
    mark: '‖',
    tone: 'warn',
    says: 'the watch was stopped before it could decide; it can be resumed',
  },
  'stood-down': {
    word: 'Stood down',
    mark: '‖',
    tone: 'warn',
    says: 'the watch gave way to another command',
  },
  continue: { word: 'Watching', mark: '…', tone: 'off', says: 'the watch has not ended yet' },
};

const verdictMark: Readonly<Record<Verdict['verdict'], string>> = {
  pass: '✔',
  break: '✖',
  nodata: '?',
  pending: '…',
};

const chip = (verdict: Verdict['verdict']): string =>
  `<span class="chip ${verdict}">${verdictMark[verdict]} ${verdictWords[verdict].toLowerCase()}</span>`;

const elapsed = (data: ReportData): string =>
  `${formatDuration(data.endedAtMs - data.startedAtMs)} of ${formatDuration(data.durationMs)}`;

export const headerSection = (input: ReportInput, data: ReportData): string => `<header>
<p>Watch report · ${escapeHtml(input.policy.environment)}</p>
<h1>${escapeHtml(input.title)}</h1>
${input.ending === undefined ? '' : `<p class="ending">${escapeHtml(input.ending)}</p>\n`}<p>run <code>${escapeHtml(input.run)}</code> · ${formatInstant(data.startedAtMs)} to ${formatInstant(data.endedAtMs)}</p>
</header>`;

export const decisionSection = (data: ReportData): string => {
  const { word, mark, tone, says } = decisions[data.decision];
  const reasons = data.reasons.map((reason) => `<p>${escapeHtml(reason)}</p>`).join('\n');
  return `<section class="decision ${tone}" aria-label="Decision">
<p class="word"><b>${mark} ${word}</b><small>${says} · after ${elapsed(data)}</small></p>
${reasons}
<p id="replayed" class="replayed" hidden></p>
</section>`;
};

/** Rows of changes and of polls that a page shows at most: the record has them all. */
const mostRows = 300;

/** Most of what a service said that a row or a bar shows, in characters. */
const longestText = 300;

/** Bars of the strip: of more polls than that, neighbours become one. */
const mostBars = 300;

/** A number with what it is, large. All three are markup. */
export const tile = (name: string, value: string, note: string): string =>
  `<div class="card"><dt>${name}</dt><dd>${value}<small>${note}</small></dd></div>`;

export const tilesSection = (data: ReportData): string => {
  const { ok, failed, unknown, missed } = data.counts;
  const known = ok + failed;
  const broken = data.gates.filter(({ verdict }) => verdict.verdict === 'break').length;
  const passing = data.gates.filter(({ verdict }) => verdict.verdict === 'pass').length;
  return `<dl class="tiles">
${tile('Polls made', String(known + unknown), missed === 0 ? 'none missed' : `${missed} missed`)}
${tile('Health checks OK', known === 0 ? '–' : `${ok} of ${known}`, failed === 0 ? 'none failed' : `${failed} failed`)}
${tile('Gates passing', `${passing} of ${data.gates.length}`, broken === 0 ? 'none broken' : `${broken} broken`)}
${tile('Watched', formatDuration(data.endedAtMs - data.startedAtMs), `of ${formatDuration(data.durationMs)}`)}
</dl>`;
};

/** What a bar shows of several polls: the first of these that is among them. */
const worstFirst: readonly PollMark[] = ['failed', 'missed', 'unknown', 'ok'];

/** As many polls as the strip has room for, each the worst of its neighbours, where the first of them began. */
const joined = (polls: readonly PollRow[]): PollRow[] => {
  const each = Math.ceil(polls.length / mostBars);
  return polls.flatMap((first, index) => {
    if (index % each !== 0) return [];
    const group = polls.slice(index, index + each);
    const mark = worstFirst.find((one) => group.some((poll) => poll.mark === one)) ?? first.mark;
    const worst = group.find((poll) => poll.mark === mark) ?? first;
    return [{ ...worst, atMs: first.atMs }];
  });
};

export const healthSection = (data: ReportData): string => {
  const spanMs = Math.max(1, data.endedAtMs - data.startedAtMs);
  const fallbackMs = spanMs / Math.max(1, data.polls.length - 1);
  const totalMs = spanMs + fallbackMs;
  const x = (ms: number) => ((ms / totalMs) * 1000).toFixed(2);
  const shown = joined(data.polls);
  const lastMs = (data.polls.at(-1)?.atMs ?? data.startedAtMs) + fallbackMs;
  const bars = shown
    .map((poll, index) => {
      const from = poll.atMs - data.startedAtMs;
      const to = (shown[index + 1]?.atMs ?? lastMs) - data.startedAtMs;
      const title = `+${formatDuration(from)} ${poll.text.slice(0, longestText)}`;
      const width = Math.max(0.5, ((to - from) / totalMs) * 1000 - 1.2).toFixed(2);
      return `<rect class="${poll.mark}" x="${x(from)}" y="1" width="${width}" height="28"><title>${escapeHtml(title)}</title></rect>`;
    })
    .join('');
  const names = { ok: 'OK', failed: 'not OK', unknown: 'not known', missed: 'missed' } as const;
  const legend = (['ok', 'failed', 'unknown', 'missed'] as const)
    .map((mark) => `<span><i class="${mark}"></i>${names[mark]} ${data.counts[mark]}</span>`)
    .join('');
  return `<h2>Health</h2>
<section class="card strip" aria-label="Health"><svg viewBox="0 0 1000 30" preserveAspectRatio="none" role="img" aria-label="Health checks over the watch: ${data.counts.ok} OK, ${data.counts.failed} not OK, ${data.counts.unknown} not known, ${data.counts.missed} missed">${bars}</svg>
<div class="ends"><span>+0:00</span><span>+${formatDuration(spanMs)}</span></div><div class="legend">${legend}</div></section>`;
};

/** Shown by the page's script, which can tell. */
const whatIf = ({ gate, verdict }: GateSeries): string =>
  `<p class="whatif" data-gate="${escapeHtml(gate)}" hidden><label>With a limit of <input type="number" step="any" value="${verdict.threshold}"> ${escapeHtml(verdict.unit === 'percent' ? '%' : (verdict.unit ?? ''))}</label> <output></output></p>`;

const gateCard = (
  series: GateSeries,
  spanSeconds: number,
  events: ReportData['events'],
): string => {
  const { gate, verdict, below } = series;
  const observe = verdict.mode === 'observe' ? ' <small>(observe: decides nothing)</small>' : '';
  const window = verdict.windowMs === null ? '' : ` · over ${formatDuration(verdict.windowMs)}`;
  const counted = verdict.events === null ? '' : ` · ${verdict.events} events`;
  return `<article class="card gate ${verdict.verdict}">
<div class="top"><h3>${escapeHtml(gate)}${observe}</h3>${chip(verdict.verdict)}</div>
<p class="now"><b>${escapeHtml(formatValue(verdict.value, verdict.unit))}</b>allowed ${escapeHtml(limitText(verdict, below))}${window} · ${verdict.readings} ${verdict.readings === 1 ? 'reading' : 'readings'}${counted}</p>
<p class="says">${escapeHtml(verdict.sentence)}</p>
<div class="chart">${staticChart(series, spanSeconds, events)}</div>
${series.isAdjustable ? whatIf(series) : ''}</article>`;
};

export const gatesSection = (data: ReportData, spanSeconds: number): string =>
  `<h2>Gates</h2>
<div class="gates">${data.gates.map((series) => gateCard(series, spanSeconds, data.events)).join('\n')}</div>`;

export const changesSection = (data: ReportData): string => {
  const rows = data.changes.map(({ at, gate, from, to, sentence }) => [
    { html: `+${formatDuration(at - data.startedAtMs)}`, as: 'time' } as const,
    { html: escapeHtml(gate), as: 'name' } as const,
    { html: `${from === null ? '' : `${chip(from)} → `}${chip(to)}` },
    sentence,
  ]);
  const more =
    rows.length > mostRows ? `<p class="hint">and ${rows.length - mostRows} more</p>` : '';
  return `<h2>Verdict changes</h2>
${table(['Time', 'Gate', 'Verdict', 'Why'], rows.slice(0, mostRows))}${more}`;
};

/** All polls, or of many those that were not OK and every few of the others. */
const polledRows = ({ polls }: ReportData): readonly PollRow[] => {
  if (polls.length <= mostRows) return polls;
  const every = Math.ceil(polls.length / (mostRows / 2));
  const odd = polls.filter(({ mark }) => mark !== 'ok').length;
  const everyOdd = Math.ceil(odd / (mostRows / 2));
  let seen = 0;
  return polls.filter(({ mark }, index) => {
    if (mark === 'ok') return index % every === 0;
    seen += 1;
    return seen % everyOdd === 0;
  });
};

export const pollsSection = (data: ReportData): string => {
  const shown = polledRows(data);
  const rows = shown.map(({ atMs, text }) => [
    { html: `+${formatDuration(atMs - data.startedAtMs)}`, as: 'time' } as const,
    { html: formatInstant(atMs), as: 'time' } as const,
    text.slice(0, longestText),
  ]);
  const all = data.polls.length;
  const title = shown.length === all ? `All ${all} polls` : `${shown.length} of ${all} polls`;
  return `<h2>Polls</h2>
<details class="card"><summary>${title}</summary>
${table(['Time', 'Due', 'Health'], rows)}</details>`;
};

export const recordSection = (input: ReportInput): string => {
  const rows: [string, string | undefined][] = [
    ['Run', input.run],
    ['Journal head', input.journal?.head],
    ['Policy fingerprint', input.policy.fingerprint],
    ['SHA-256 of samples', input.samplesSha256],
  ];
  return `<h2>Record</h2>
<dl class="card record">${rows
    .flatMap(([name, value]) =>
      value === undefined ? [] : `<dt>${name}</dt><dd><code>${escapeHtml(value)}</code></dd>`,
    )
    .join('\n')}</dl>`;
};
