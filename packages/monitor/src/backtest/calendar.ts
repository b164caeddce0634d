import { escapeHtml } from '@dhash/basics/escape-html';
import { formatDuration, formatInstant } from '../view/format.ts';
import type { BacktestInput, PastWatchRow } from './backtest-data.ts';

const dayMs = 86_400_000;
const row = { height: 16, gap: 3, label: 92 } as const;
const hours = 24 * 34;
const top = 20;

type Mark = 'held' | 'broke' | 'unclear';

export const markOfWatch = ({ broke, decision }: PastWatchRow): Mark => {
  if (broke.length > 0) return 'broke';
  return decision === 'promote' ? 'held' : 'unclear';
};

const words: Readonly<Record<Mark, string>> = {
  held: 'held',
  broke: 'broke',
  unclear: 'inconclusive',
};

const titleOf = (watch: PastWatchRow): string => {
  const what =
    watch.broke.length > 0
      ? `${watch.broke.join(', ')} broke after ${formatDuration(watch.at - watch.startedAt)}`
      : words[markOfWatch(watch)];
  return `${formatInstant(watch.startedAt)}: ${what}`;
};

const startOfDay = (at: number): number => Math.floor(at / dayMs) * dayMs;

/**
 * Days as rows, hours across: each watch where it began, incidents behind them. Attributes only, no
 * style attribute: the page's policy would drop it.
 */
export const calendar = ({ from, to, everyMs, watches, incidents }: BacktestInput): string => {
  const first = startOfDay(from);
  const days = Math.max(1, Math.ceil((to - first) / dayMs));
  const height = top + days * (row.height + row.gap);
  const x = (at: number) => row.label + ((at - startOfDay(at)) / dayMs) * hours;
  const y = (at: number) => top + ((startOfDay(at) - first) / dayMs) * (row.height + row.gap);
  const width = Math.max(2, (Math.min(everyMs, dayMs) / dayMs) * hours - 1.5);
  const cell = (watch: PastWatchRow) =>
    `<rect class="${markOfWatch(watch)}" x="${x(watch.startedAt).toFixed(1)}" y="${y(watch.startedAt)}" width="${width.toFixed(1)}" height="${row.height}"><title>${escapeHtml(titleOf(watch))}</title></rect>`;
  const shades = incidents
    .filter(({ rule }) => rule === incidents[0]?.rule)
    .flatMap(({ from: began, to: ended }) => {
      const parts: string[] = [];
      for (let at = began; at <= ended; at = startOfDay(at) + dayMs) {
        const until = Math.min(ended, startOfDay(at) + dayMs - 1);
        parts.push(
          `<rect class="incident" x="${x(at).toFixed(1)}" y="${y(at) - 1}" width="${Math.max(3, x(until) - x(at)).toFixed(1)}" height="${row.height + 2}"><title>incident from ${escapeHtml(formatInstant(began))}</title></rect>`,
        );
      }
      return parts;
    });
  const labels = Array.from({ length: days }, (_, day) => {
    const at = first + day * dayMs;
    return `<text x="0" y="${y(at) + row.height - 4}">${new Date(at).toISOString().slice(0, 10)}</text>`;
  });
  const ticks = [0, 6, 12, 18].map(
    (hour) =>
      `<text x="${(row.label + (hour / 24) * hours).toFixed(1)}" y="12">${String(hour).padStart(2, '0')}:00</text>`,
  );
  return `<svg class="calendar" viewBox="0 0 ${row.label + hours} ${height}" role="img" aria-label="Every watch by the hour it began, a row a day">
${ticks.join('')}${labels.join('')}${shades.join('')}${watches.map(cell).join('')}
</svg>`;
};
