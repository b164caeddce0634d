import { escapeHtml } from '@dhash/basics/escape-html';
import { formatDuration, formatValue } from '../view/format.ts';
import type { GateSeries } from './report-data.ts';

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

/**
 * The chart as it stands where no script runs: value, threshold, verdict changes. Attributes only,
 * no style attribute: the report's policy would drop it.
 */
export const staticChart = (series: GateSeries, spanSeconds: number): string => {
  const { verdict, points, marks } = series;
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
  const dots = points
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
  const limitY = round(y(verdict.threshold));
  return `<svg class="static" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(
    `${series.gate} over the watch, threshold ${formatValue(verdict.threshold, verdict.unit)}`,
  )}">
<line class="axis" x1="${plot.left}" x2="${width - plot.right}" y1="${height - plot.bottom}" y2="${height - plot.bottom}"/>
<line class="limit" x1="${plot.left}" x2="${width - plot.right}" y1="${limitY}" y2="${limitY}"/>
<text class="limit" x="${width - plot.right}" y="${round(Number(limitY) - 4)}" text-anchor="end">${escapeHtml(formatValue(verdict.threshold, verdict.unit))}</text>
${lines}<path class="value" d="${path}"/>${dots}
<text x="${plot.left}" y="${height - 6}">0:00</text>
<text x="${width - plot.right}" y="${height - 6}" text-anchor="end">${formatDuration(spanSeconds * 1000)}</text>
</svg>`;
};
