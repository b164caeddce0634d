import { type Scene, watchRow } from './scenes.ts';

const width = 720;
const left = 72;
const right = 140;
const top = 56;
const plotHeight = 130;
const rowHeight = 24;

const style = `
text { font: 12px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600; font-size: 13px }
.small { font-size: 11px; fill: #57606a }
.axis { stroke: #d0d7de }
.limit { stroke: #9a6700; stroke-dasharray: 6 4; fill: none }
.value { stroke: #0969da; stroke-width: 2; fill: none }
.reading { fill: #8c959f }
.pending { fill: none; stroke: #8c959f; stroke-width: 1.5 }
.pass { fill: #1a7f37 }
.nodata { fill: #bf8700 }
.break { fill: #cf222e }
.line { stroke: #cf222e }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 } .small { fill: #9198a1 } .axis { stroke: #3d444d } .limit { stroke: #d29922 }
.value { stroke: #4493f8 } .pass { fill: #3fb950 } .break { fill: #f85149 } .line { stroke: #f85149 }
}`;

const number = (value: number): string => String(Math.round(value * 10) / 10);
const escaped = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
const text = (x: number, y: number, said: string, kind = '', anchor = 'start'): string =>
  `<text x="${number(x)}" y="${number(y)}" text-anchor="${anchor}"${kind && ` class="${kind}"`}>${escaped(said)}</text>`;

/** A form for each verdict too, for those who see no colours. */
const mark = (verdict: string, x: number, y: number): string => {
  const [cx, cy] = [number(x), number(y)];
  if (verdict === 'break')
    return `<rect class="break" x="${number(x - 5)}" y="${number(y - 5)}" width="10" height="10"/>`;
  if (verdict === 'nodata')
    return `<path class="nodata" d="M${cx} ${number(y - 6)}l6 6-6 6-6-6z"/>`;
  return `<circle class="${verdict}" cx="${cx}" cy="${cy}" r="${verdict === 'pass' ? 4 : 3.5}"/>`;
};

/** The picture of a scene, SVG: what the real engine makes of it, poll for poll. */
export const draw = (scene: Scene): string => {
  const rows = scene.rows.map((row) => watchRow(scene, row));
  const shown = rows.reduce((a, b) => (b.history.length > a.history.length ? b : a));
  const end = shown.durationSeconds;
  const before = (scene.baseline?.length ?? 0) * 30;
  const x = (second: number) =>
    left + ((second + before) / (end + before)) * (width - left - right);

  const readings: { second: number; value: number }[] = [];
  if (scene.gauge !== undefined) {
    scene.baseline?.forEach((value, i) => {
      readings.push({ second: 30 * i - before, value });
    });
    for (let second = 0; second <= end; second += 30) {
      const value = scene.service(second)?.metrics?.[scene.gauge];
      if (typeof value === 'number') readings.push({ second, value });
    }
  }
  const values = rows.flatMap(({ history }) => history.map(({ value }) => value ?? 0));
  // A comparison's threshold is a shift, no value of the gauge.
  const isShift = shown.history[0]?.kind === 'compare';
  const limit = isShift ? null : (shown.history.at(-1)?.threshold ?? 0);
  const most = Math.max(...[limit ?? 0, ...readings.map(({ value }) => value)], ...values);
  const y = (value: number) => top + plotHeight * (1 - value / (most * 1.15));
  const height = top + plotHeight + 30 + rows.length * rowHeight + 42;

  const parts = [
    text(12, 22, scene.title, 'title'),
    ...[0, most].map((value) =>
      text(left - 8, y(value) + 4, String(Number(value.toPrecision(3))), 'small', 'end'),
    ),
    text(left, top - 8, scene.unit, 'small'),
    `<path class="axis" d="M${left} ${top}V${top + plotHeight}H${width - right}" fill="none"/>`,
    ...[0, end / 4, end / 2, (3 * end) / 4, end].map((second) =>
      text(x(second), top + plotHeight + 16, `${second} s`, 'small', 'middle'),
    ),
    ...readings.map(
      ({ second, value }) =>
        `<circle class="reading" cx="${number(x(second))}" cy="${number(y(value))}" r="2.5"/>`,
    ),
  ];
  if (before > 0)
    parts.push(
      `<path class="axis" d="M${number(x(0))} ${top}V${top + plotHeight}"/>`,
      text(x(-before) + 6, top + 10, 'old release', 'small'),
    );
  if (limit !== null)
    parts.push(
      `<path class="limit" d="M${number(x(0))} ${number(y(limit))}H${width - right}"/>`,
      text(width - right + 8, y(limit) + 4, `limit ${number(limit)}`, 'small'),
    );
  for (const { history } of isShift ? [] : rows) {
    const points = history
      .filter(({ value }) => value !== null)
      .map(({ second, value }) => `${number(x(second))} ${number(y(value ?? 0))}`);
    parts.push(`<path class="value" d="M${points.join('L')}"/>`);
  }
  rows.forEach(({ label, history }, i) => {
    const level = top + plotHeight + 40 + i * rowHeight;
    parts.push(text(12, level + 4, label));
    for (const { second, verdict } of history) parts.push(mark(verdict, x(second), level));
    const last = history.at(-1);
    if (last === undefined) return;
    const broke = last.decision === 'rollback';
    if (broke) parts.push(`<path class="line" d="M${number(x(last.second))} ${top}V${level}"/>`);
    const said = `${last.decision} at ${last.second} s`;
    parts.push(text(x(last.second) + 12, level + 4, said));
  });
  const broken = rows.find(({ history }) => history.at(-1)?.verdict === 'break');
  const sentence = broken?.history.at(-1)?.sentence.replace(/^gate /, '') ?? '';
  parts.push(text(12, height - 10, sentence, 'small'));
  [...['pending', 'pass', 'nodata', 'break'].entries()].forEach(([i, verdict]) => {
    parts.push(
      mark(verdict, width - 270 + i * 66, height - 14),
      text(width - 260 + i * 66, height - 10, verdict, 'small'),
    );
  });
  const told = rows
    .map(
      ({ label, history }) =>
        `${label}: ${history.at(-1)?.decision} at ${history.at(-1)?.second} s`,
    )
    .join('; ');
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title told">`,
    `<title id="title">${escaped(scene.title)}</title>`,
    `<desc id="told">${escaped(told)}</desc>`,
    `<style>${style}\n</style>`,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
};
