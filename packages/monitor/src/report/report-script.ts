/**
 * What runs in the report's page: a uPlot chart over each gate's static one, one cursor for all, drawn from
 * what the page replayed; and a field for another limit. Stands where `data` and `replayed` are.
 * Text, not a function: a build would weave its own calls into a function's source.
 */
export const reportScript = `
(() => {
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const two = (n) => String(n).padStart(2, '0');
  const span = (s) => {
    s = Math.round(s);
    const m = Math.floor(s / 60);
    return m < 60 ? m + ':' + two(s % 60) : Math.floor(m / 60) + ':' + two(m % 60) + ':' + two(s % 60);
  };
  const number = (v) => (Math.abs(v) >= 1000 ? Math.round(v).toLocaleString('en-US') : String(Number(v.toPrecision(4))));
  const unit = (u) => (u === null ? '' : u === 'percent' ? ' %' : ' ' + u);
  const drawn = data.gates.map((gate) => ({ ...gate, ...replayed.series(gate.gate) }));
  const markColor = { pass: 'good', break: 'bad', nodata: 'warn', pending: 'off' };
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];

  const chart = (holder, gate) => {
    const limit = gate.threshold;
    const overlay = (u) => {
      const { ctx, bbox } = u;
      const y = u.valToPos(limit, 'y', true);
      const edge = Math.min(Math.max(y, bbox.top), bbox.top + bbox.height);
      ctx.save();
      ctx.fillStyle = color('beyond');
      if (gate.below) ctx.fillRect(bbox.left, edge, bbox.width, bbox.top + bbox.height - edge);
      else ctx.fillRect(bbox.left, bbox.top, bbox.width, edge - bbox.top);
      ctx.restore();
    };
    const marks = (u) => {
      const { ctx, bbox } = u;
      const ratio = devicePixelRatio || 1;
      ctx.save();
      ctx.font = 11 * ratio + 'px system-ui, sans-serif';
      for (const mark of gate.marks) {
        const x = u.valToPos(mark.seconds, 'x', true);
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.strokeStyle = ctx.fillStyle = color(markColor[mark.to]);
        ctx.lineWidth = (mark.to === 'break' ? 2 : 1) * ratio;
        ctx.setLineDash(mark.to === 'break' ? [] : [2 * ratio, 3 * ratio]);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        const right = x > bbox.left + bbox.width * 0.8;
        ctx.textAlign = right ? 'right' : 'left';
        ctx.fillText(mark.label, x + (right ? -4 : 4) * ratio, bbox.top + 11 * ratio);
      }
      ctx.setLineDash([ratio, 4 * ratio]);
      ctx.strokeStyle = ctx.fillStyle = color('soft');
      for (const { seconds, label } of data.events) {
        const x = u.valToPos(seconds, 'x', true);
        if (x < bbox.left || x > bbox.left + bbox.width) continue;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
        ctx.textAlign = 'left';
        ctx.fillText(label, x + 4 * ratio, bbox.top + bbox.height - 5 * ratio);
      }
      ctx.restore();
    };
    const axis = { stroke: color('soft'), grid: { stroke: color('line'), width: 1 }, ticks: { stroke: color('line'), width: 1 } };
    return new uPlot(
      {
        width: holder.clientWidth,
        height: 190,
        cursor: { sync: { key: 'watch' }, drag: { x: true, y: false } },
        scales: {
          x: { time: false, range: (u, low, high) => (low === high || low === null ? [0, data.span] : low === u.data[0][0] && high === u.data[0][u.data[0].length - 1] ? [0, data.span] : [low, high]) },
          y: { range: () => [Math.min(gate.range[0], limit), Math.max(gate.range[1], limit * (limit > 0 ? 1.12 : 1))] },
        },
        axes: [
          { ...axis, incrs: steps, space: 60, values: (u, ticks) => ticks.map(span) },
          { ...axis, size: 62, values: (u, ticks) => ticks.map(number) },
        ],
        series: [
          { label: 'time', value: (u, v) => (v === null || v === undefined ? '–' : '+' + span(v)) },
          {
            label: 'value', stroke: color('value'), width: 2, points: { show: true, size: 5, fill: color('value') },
            value: (u, v) => (v === null || v === undefined ? '–' : number(v) + unit(gate.unit)),
          },
          {
            label: 'threshold', stroke: color('limit'), width: 1.5, dash: [6, 4], points: { show: false },
            value: () => number(limit) + unit(gate.unit),
          },
        ],
        hooks: { drawClear: [overlay], draw: [marks] },
      },
      [gate.x, gate.y, gate.x.map(() => limit)],
      holder,
    );
  };

  const holders = [...document.querySelectorAll('.chart')];
  const fields = [...document.querySelectorAll('.whatif')];
  let charts = [];
  // A canvas says nothing to who can't see it; the chart that it stands for does.
  const heard = (holder, made) => {
    const canvas = holder.querySelector('canvas');
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', holder.querySelector('svg.static').getAttribute('aria-label'));
    return made;
  };
  const build = () => {
    for (const old of charts) old.destroy();
    charts = holders.map((holder, index) => {
      holder.classList.add('live');
      return heard(holder, chart(holder, drawn[index]));
    });
  };
  build();

  for (const field of fields) {
    const index = drawn.findIndex(({ gate }) => gate === field.dataset.gate);
    const recorded = drawn[index];
    const input = field.querySelector('input');
    const output = field.querySelector('output');
    field.hidden = false;
    input.addEventListener('input', () => {
      const limit = input.valueAsNumber;
      const isOther = Number.isFinite(limit) && limit !== recorded.threshold;
      const other = isOther ? replayed.whatIf(recorded.gate, limit) : null;
      output.textContent = other === null ? '' : other.sentence;
      // The values stay as recorded: another watch may have ended sooner.
      drawn[index] = other === null ? recorded : { ...recorded, threshold: limit, marks: other.series.marks };
      charts[index].destroy();
      charts[index] = heard(holders[index], chart(holders[index], drawn[index]));
    });
  }
  const widths = new ResizeObserver(() => {
    charts.forEach((one, index) => {
      const width = holders[index].clientWidth;
      if (width > 0 && width !== one.width) one.setSize({ width, height: 190 });
    });
  });
  for (const holder of holders) widths.observe(holder);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', build);
})();
`;
