import { escapeHtml } from '@dhash/basics/escape-html';
import { renderPage, reportStyle, table } from '@dhash/monitor';
import { pageStyle } from '../pages/page-style.ts';
import { runBody } from '../pages/render-run-page.ts';
import type { RunPage } from '../pages/run-page.ts';
import { formatDuration, formatInstant } from '../words/format.ts';
import type { Closest, HistoryRow } from './history-rows.ts';

/** What a dashboard shows. */
export interface DashboardView {
  /** The run that is looked at; `null`: there is none yet. */
  readonly page: RunPage | null;
  readonly history: readonly HistoryRow[];
  /** Records that can't be read, by run. */
  readonly broken: readonly { readonly run: string; readonly problem: string }[];
  readonly atMs: number;
}

const style = `
.live { position: sticky; top: 0; z-index: 1; padding: 8px 20px; background: var(--card); border-bottom: 1px solid var(--line); color: var(--soft); font-size: 14px; }
.live b { color: var(--ink); } .live.off b { color: var(--bad); }
.closest { white-space: nowrap; } a { color: inherit; }
`;

const script = `
(() => {
  'use strict';
  const view = document.getElementById('view');
  const live = document.getElementById('live');
  const opened = () => [...view.querySelectorAll('details')].map(({ open }) => open);
  const say = (isLive, text) => {
    live.classList.toggle('off', !isLive);
    live.querySelector('b').textContent = isLive ? 'live' : 'not connected';
    live.querySelector('span').textContent = text;
  };
  const source = new EventSource('events');
  source.addEventListener('view', ({ data }) => {
    const before = opened();
    const focused = document.activeElement?.dataset?.key;
    view.innerHTML = JSON.parse(data);
    view.querySelectorAll('details').forEach((one, index) => { one.open = before[index] === true; });
    if (focused) view.querySelector('[data-key="' + CSS.escape(focused) + '"]')?.focus();
    say(true, 'as of ' + view.firstElementChild.dataset.at);
  });
  source.addEventListener('error', () => say(false, 'what is shown may be old; it is tried again'));
})();
`;

const number = (value: number): string => String(Number(value.toPrecision(3)));

const closestWords = ({ gate, value, threshold, unit, ratio }: Closest): string => {
  const of = unit === null ? '' : unit === 'percent' ? ' %' : ` ${unit}`;
  const share = ratio === null ? '' : ` (${Math.round(ratio * 100)} %)`;
  return `${gate} ${number(value)} of ${number(threshold)}${of}${share}`;
};

const historySection = ({ history, broken }: DashboardView): string => {
  const rows = history.map(({ run, env, kind, openedAtMs, tookMs, word, sentence, closest }) => [
    { html: formatInstant(openedAtMs), as: 'time' } as const,
    `${env}, ${kind}`,
    { html: `<b>${escapeHtml(word)}</b>` },
    {
      html: `${escapeHtml(sentence)} <a data-key="${escapeHtml(run)}" href="run/${encodeURIComponent(run)}">Its page<span class="part"> ${escapeHtml(run)}</span></a>`,
    },
    tookMs === null ? '–' : formatDuration(tookMs),
    closest.length === 0 ? '–' : closest.slice(0, 2).map(closestWords).join('; '),
  ]);
  const lost = broken.map(
    ({ run, problem }) => `<p class="hint">${escapeHtml(run)}: ${escapeHtml(problem)}</p>`,
  );
  return `<h2>Runs</h2>
${table(['When', 'Where', 'How', 'What', 'Took', 'Closest gates'], rows, 'no run yet')}
${lost.join('\n')}`;
};

/** What changes while somebody looks. Pure. */
export const renderView = (view: DashboardView): string => {
  const at = formatInstant(view.atMs);
  const body =
    view.page === null
      ? '<header><h1 class="story">No run yet</h1></header><main></main>'
      : runBody(view.page).body;
  return `<div data-at="${at}">${body.replace(/<\/main>$/, `${historySection(view)}</main>`)}</div>`;
};

/**
 * The page that stays open: the newest run as its own page shows it, the runs before it, and what can be typed. It
 * sends nothing but its question for news. Pure.
 */
export const renderDashboard = (view: DashboardView): string =>
  renderPage({
    title: 'Rollouts',
    style: `${reportStyle}${pageStyle}${style}`,
    script,
    connects: 'own-server',
    body: `<div id="live" class="live" role="status"><b>live</b> · <span></span></div>
<div id="view">${renderView(view)}</div>
<footer>Made by @dhash/rollout from records and samples. Nothing is done over HTTP: commands are shown to be typed.</footer>`,
    data: null,
    notice: 'The charts of a dashboard are still; the page of a run has live ones.',
  });
