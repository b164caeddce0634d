import { escapeHtml } from '@dhash/basics/escape-html';
import { formatDuration, formatValue } from '../view/format.ts';
import type { GateSeries, ReportData } from './report-data.ts';

const width = 640;
const height = 170;
const plot = { left: 8, right: 8, top: 14, bottom: 22 } as const;

const round = (value: number): string => String(Math.round(value * 10) / 10);

/** Where the y axis begins and ends: from 0, and a little above the greatest of values and threshold. */
export const valueRange = (
  values: readonly (number | null)[],
  threshold: number,
): readonly [low: number, high: number] => {
  let low = Math.min(0, threshold);
  let high = threshold;
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return [low, high > low ? high + (high - low) * 0.12 : low + 1];
};

/** Points above which a chart draws no dots, and of each few points the lowest and the highest only. */
const mostPoints = 240;

type Point = GateSeries['points'][number];

/** As many points as a chart of this width can show: what stands out in it stays. */
const thinned = (points: readonly Point[]): readonly Point[] => {
  if (points.length <= mostPoints) return points;
  const each = Math.ceil((points.length / mostPoints) * 2);
  const kept: Point[] = [];
  for (let from = 0; from < points.length; from += each) {
    const group = points.slice(from, from + each);
    const ranked = group
      .filter(([, value]) => value !== null)
      .sort(([, a], [, b]) => (a ?? 0) - (b ?? 0));
    const ends = [ranked[0], ranked.at(-1)].filter((point) => point !== undefined);
    kept.push(...(ends.length === 0 ? group.slice(0, 1) : ends.sort(([a], [b]) => a - b)));
  }
  return kept;
};

/** What a chart shows, for whoever hears it. */
const inWords = ({ gate, verdict, points, marks }: GateSeries): string => {
  const values = points.flatMap(([, value]) => (value === null ? [] : [value]));
  const shown = (value: number) => formatValue(value, verdict.unit);
  const range =
    values.length === 0
      ? 'no value'
      : `between ${shown(Math.min(...values))} and ${shown(Math.max(...values))}`;
  const broke = marks.find(({ to }) => to === 'break');
  const when = broke === undefined ? '' : `, broke at +${formatDuration(broke.seconds * 1000)}`;
  return `${gate} over the watch: ${range}, threshold ${shown(verdict.threshold)}${when}`;
};

/**
 * The chart as it stands where no script runs: value, threshold, verdict changes. Attributes only,
 * no style attribute: the report's policy would drop it.
 */
export const staticChart = (
  series: GateSeries,
  spanSeconds: number,
  events: ReportData['events'] = [],
): string => {
  const { verdict, marks } = series;
  const points = thinned(series.points);
  const [low, high] = valueRange(
    points.map(([, value]) => value),
    verdict.threshold,
  );
  const x = (seconds: number) =>
    plot.left + (spanSeconds > 0 ? seconds / spanSeconds : 0) * (width - plot.left - plot.right);
  const y = (value: number) =>
    height - plot.bottom - ((value - low) / (high - low)) * (height - plot.top - plot.bottom);

  let path = '';
  let pen: 'M' | 'L' = 'M';
  for (const [seconds, value] of points) {
    if (value === null) pen = 'M';
    else {
      path += `${pen}${round(x(seconds))} ${round(y(value))}`;
      pen = 'L';
    }
  }
  const dots = (points.length < mostPoints / 2 ? points : [])
    .flatMap(([seconds, value]) =>
      value === null
        ? []
        : `<circle class="value" cx="${round(x(seconds))}" cy="${round(y(value))}" r="2"/>`,
    )
    .join('');
  const lines = marks
    .map(({ seconds, to }) => {
      const at = round(x(seconds));
      return `<line class="mark ${to}" x1="${at}" x2="${at}" y1="${plot.top}" y2="${height - plot.bottom}"/>`;
    })
    .join('');
  const happened = events
    .map(({ seconds, label }) => {
      const at = round(x(seconds));
      return `<line class="mark event" x1="${at}" x2="${at}" y1="${plot.top}" y2="${height - plot.bottom}"><title>${escapeHtml(label)}</title></line>`;
    })
    .join('');
  const limitY = round(y(verdict.threshold));
  return `<svg class="static" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(inWords(series))}">
<line class="axis" x1="${plot.left}" x2="${width - plot.right}" y1="${height - plot.bottom}" y2="${height - plot.bottom}"/>
<line class="limit" x1="${plot.left}" x2="${width - plot.right}" y1="${limitY}" y2="${limitY}"/>
<text class="limit" x="${width - plot.right}" y="${round(Number(limitY) - 4)}" text-anchor="end">${escapeHtml(formatValue(verdict.threshold, verdict.unit))}</text>
${lines}${happened}<path class="value" d="${path}"/>${dots}
<text x="${plot.left}" y="${height - 6}">0:00</text>
<text x="${width - plot.right}" y="${height - 6}" text-anchor="end">${formatDuration(spanSeconds * 1000)}</text>
</svg>`;
};
