import { escapeHtml } from '@dhash/basics/escape-html';
import { table } from '@dhash/monitor';
import type { DownSpan } from '../record/downtime.ts';
import { formatDuration } from '../words/format.ts';
import { downMs } from './down-ms.ts';
import type { RunPage } from './run-page.ts';
import type { TimelineRow } from './timeline.ts';

const marks: Readonly<Record<TimelineRow['result'], string>> = {
  done: '<span class="chip done">✔ done</span>',
  failed: '<span class="chip failed">✖ failed</span>',
  undone: '<span class="chip undone">↶ undone</span>',
  'cut off': '<span class="chip cut">… no end</span>',
  happened: '',
};

const isDown = (row: TimelineRow, down: readonly DownSpan[]): boolean =>
  row.kind !== 'watch' &&
  down.some(({ fromMs, toMs }) => row.atMs >= fromMs && (toMs === null || row.atMs < toMs));

/** A width of 100 is the longest step. A watch is as long as people want it to be, and no measure. */
const bar = (ms: number, longestMs: number, className: string): string =>
  `<svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect class="${className}" width="${Math.max(0.6, Math.min(100, (ms / longestMs) * 100)).toFixed(1)}" height="6"/></svg>`;

/** The whole run at its own scale: steps, watch, and when the service was down. */
const rail = ({ timeline, down, openedAtMs, closedAtMs }: RunPage): string => {
  const timed = timeline.filter(({ ms }) => ms !== null);
  const lastMs = Math.max(closedAtMs ?? 0, ...timed.map(({ atMs, ms }) => atMs + (ms ?? 0)));
  const spanMs = Math.max(1, lastMs - openedAtMs);
  const x = (atMs: number) => (((atMs - openedAtMs) / spanMs) * 1000).toFixed(1);
  const rect = (className: string, title: string, fromMs: number, toMs: number, y: number) =>
    `<rect class="${className}" x="${x(fromMs)}" y="${y}" width="${Math.max(1, ((toMs - fromMs) / spanMs) * 1000).toFixed(1)}" height="12"><title>${escapeHtml(title)}</title></rect>`;
  const steps = timed.map(({ part, name, atMs, ms }) =>
    rect(
      part === 'run' ? 'deploy' : part,
      `${name} ${formatDuration(ms ?? 0)}`,
      atMs,
      atMs + (ms ?? 0),
      2,
    ),
  );
  const downs = down.map(({ fromMs, toMs }) =>
    rect('down', 'service down', fromMs, toMs ?? lastMs, 20),
  );
  const names = {
    deploy: 'deploy',
    watch: 'watch',
    rollback: 'rollback',
    down: 'service down',
  } as const;
  const used = (['deploy', 'watch', 'rollback', 'down'] as const).filter((name) =>
    name === 'down' ? down.length > 0 : timed.some(({ part }) => part === name),
  );
  const legend = used.map((name) => `<span><i class="${name}"></i>${names[name]}</span>`).join('');
  return `<div class="card rail"><svg viewBox="0 0 1000 34" preserveAspectRatio="none" role="img" aria-label="The run from its begin to its end: steps above, service down below">${steps.join('')}${downs.join('')}</svg>
<div class="ends"><span>+0</span><span>+${formatDuration(spanMs)}</span></div><div class="legend">${legend}</div></div>`;
};

export const timelineSection = (page: RunPage): string => {
  const { timeline, down, openedAtMs } = page;
  const longestMs = Math.max(
    1,
    ...timeline.flatMap(({ kind, ms }) => (kind === 'step' && ms !== null ? [ms] : [])),
  );
  const rows = timeline.map((row) => {
    const isStopped = isDown(row, down);
    const downChip = isStopped ? ' <span class="chip down">service down</span>' : '';
    const took =
      row.ms === null
        ? '–'
        : `${formatDuration(row.ms)}${bar(row.ms, longestMs, isStopped ? 'bar down' : 'bar')}`;
    return [
      { html: `+${formatDuration(row.atMs - openedAtMs)}`, as: 'time' } as const,
      {
        html:
          row.name === ''
            ? '–'
            : `<span class="step">${escapeHtml(row.name)}</span>${row.kind === 'note' || row.part === 'watch' ? '' : ` <span class="part">${row.part}</span>`}`,
      },
      { html: `<div class="took">${took}</div>` },
      { html: `${marks[row.result]}${downChip} ${escapeHtml(row.says)}`.trim() || '–' },
    ];
  });
  const ms = downMs(down);
  const total =
    down.length === 0
      ? 'The service was not stopped.'
      : ms === null
        ? 'The service was stopped, and not seen to be well since.'
        : `Service down ${formatDuration(ms)} in all, from each stop to the first healthy answer after it.`;
  return `<h2>Timeline</h2>
${rail(page)}
<p class="hint">${total}</p>
${table(['At', 'Step', 'Took', 'What'], rows)}`;
};
