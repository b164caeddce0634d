/** What runs in the page of a backtest: a chart a gate over all days, one cursor for all. Text, as the report's script is. */
export const backtestScript = `
(() => {
  'use strict';
  const data = JSON.parse(document.getElementById('report-data').textContent);
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const number = (v) => (Math.abs(v) >= 1000 ? Math.round(v).toLocaleString('en-US') : String(Number(v.toPrecision(4))));
  const unit = (u) => (u === null ? '' : u === 'percent' ? ' %' : ' ' + u);
  const utc = (s) => new Date(s * 1000).toISOString().slice(0, 16).replace('T', ' ') + ' UTC';

  const chart = (holder, gate) => {
    const shade = (u) => {
      const { ctx, bbox } = u;
      const x = (s) => Math.min(Math.max(u.valToPos(s, 'x', true), bbox.left), bbox.left + bbox.width);
      ctx.save();
      ctx.fillStyle = color('warn-bg');
      for (const [from, to] of data.incidents) ctx.fillRect(x(from), bbox.top, Math.max(2, x(to) - x(from)), bbox.height);
      ctx.restore();
    };
    const breaks = (u) => {
      const { ctx, bbox } = u;
      ctx.save();
      ctx.strokeStyle = color('bad');
      ctx.setLineDash([]);
      ctx.lineWidth = devicePixelRatio || 1;
      for (const at of gate.breaks) {
        const x = u.valToPos(at, 'x', true);
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    };
    const axis = { stroke: color('soft'), grid: { stroke: color('line'), width: 1 }, ticks: { stroke: color('line'), width: 1 } };
    const limit = gate.threshold;
    const series = [
      { label: 'time', value: (u, v) => (v === null || v === undefined ? '–' : utc(v)) },
      {
        label: 'value', stroke: color('value'), width: 1.5, points: { show: false },
        value: (u, v) => (v === null || v === undefined ? '–' : number(v) + unit(gate.unit)),
      },
    ];
    const columns = [gate.x, gate.y];
    if (limit !== null) {
      series.push({
        label: 'threshold', stroke: color('limit'), width: 1.5, dash: [6, 4], points: { show: false },
        value: () => number(limit) + unit(gate.unit),
      });
      columns.push(gate.x.map(() => limit));
    }
    return new uPlot(
      {
        width: holder.clientWidth,
        height: 200,
        tzDate: (s) => uPlot.tzDate(new Date(s * 1000), 'Etc/UTC'),
        cursor: { sync: { key: 'days' }, drag: { x: true, y: false } },
        scales: { x: { time: true }, y: { range: () => gate.range } },
        axes: [axis, { ...axis, size: 62, values: (u, ticks) => ticks.map(number) }],
        series,
        hooks: { drawClear: [shade], draw: [breaks] },
      },
      columns,
      holder,
    );
  };

  const holders = [...document.querySelectorAll('.chart')];
  let charts = [];
  const build = () => {
    for (const old of charts) old.destroy();
    charts = holders.map((holder, index) => {
      const made = chart(holder, data.gates[index]);
      const canvas = holder.querySelector('canvas');
      canvas.setAttribute('role', 'img');
      canvas.setAttribute('aria-label', holder.dataset.label);
      return made;
    });
  };
  build();
  const widths = new ResizeObserver(() => {
    charts.forEach((one, index) => {
      const width = holders[index].clientWidth;
      if (width > 0 && width !== one.width) one.setSize({ width, height: 200 });
    });
  });
  for (const holder of holders) widths.observe(holder);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);
})();
`;
