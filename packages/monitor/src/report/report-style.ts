/** The report's own style sheet. Only system fonts: a report loads nothing. */
export const reportStyle = `
:root {
  color-scheme: light dark;
  --page: #f4f4f2; --card: #ffffff; --line: #e2e1dc; --ink: #14140f; --soft: #55544e; --faint: #66655f;
  --value: #2a78d6; --limit: #b3372f; --good: #08702c; --bad: #b32626; --warn: #855600; --off: #8b8a83;
  --good-bg: #e5f4e9; --bad-bg: #fbe6e4; --warn-bg: #fcf1d9; --off-bg: #ecebe7;
  --beyond: rgba(198, 47, 47, .07);
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #121211; --card: #1c1c1a; --line: #33332f; --ink: #f2f1ec; --soft: #b5b4ac; --faint: #a09f97;
    --value: #6aa9f4; --limit: #ff7a6e; --good: #4cc877; --bad: #ff7a6e; --warn: #f0b429; --off: #85847c;
    --good-bg: #12301d; --bad-bg: #3c1714; --warn-bg: #362807; --off-bg: #2a2a27;
    --beyond: rgba(255, 122, 110, .09);
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 28px; }
header p { margin: 0; color: var(--soft); }
h1 { margin: 2px 0 4px; font-size: 26px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 36px 0 12px; font-size: 18px; }
h3 { margin: 0; font-size: 16px; overflow-wrap: anywhere; }
code, .mono { font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; font-size: .88em;
  overflow-wrap: anywhere; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; }
.decision { margin: 20px 0 16px; padding: 20px 22px; border-radius: 12px; border-left: 8px solid; }
.decision p { margin: 6px 0 0; max-width: 80ch; overflow-wrap: anywhere; }
.decision .word { display: flex; flex-wrap: wrap; align-items: baseline; gap: 4px 14px; margin: 0; max-width: none;
  font-size: 34px; font-weight: 750; line-height: 1.15; letter-spacing: -.01em; }
.decision .word small { font-size: 15px; font-weight: 450; letter-spacing: 0; color: var(--soft); }
.decision.good { background: var(--good-bg); border-color: var(--good); } .decision.good b { color: var(--good); }
.decision.bad { background: var(--bad-bg); border-color: var(--bad); } .decision.bad b { color: var(--bad); }
.decision.warn { background: var(--warn-bg); border-color: var(--warn); } .decision.warn b { color: var(--warn); }
.decision.off { background: var(--off-bg); border-color: var(--off); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: 12px; margin: 0; }
.tiles div { padding: 12px 16px; }
.tiles dt { color: var(--soft); font-size: 13px; }
.tiles dd { margin: 0; font-size: 22px; font-weight: 650; font-variant-numeric: tabular-nums; }
.tiles dd small { display: block; font-size: 13px; font-weight: 400; color: var(--soft); }
.strip { padding: 14px 16px 10px; }
.strip svg { display: block; width: 100%; height: 30px; }
.strip .ok { fill: var(--good); } .strip .failed { fill: var(--bad); }
.strip .unknown { fill: var(--warn); } .strip .missed { fill: var(--off-bg); stroke: var(--off); }
.ends { display: flex; justify-content: space-between; gap: 12px; color: var(--faint); font-size: 12.5px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 18px; margin: 8px 0 0; color: var(--soft); font-size: 13px; }
.legend i { display: inline-block; width: 10px; height: 10px; margin-right: 6px; border-radius: 2px; }
i.ok { background: var(--good); } i.failed { background: var(--bad); } i.unknown { background: var(--warn); }
i.missed { background: var(--off-bg); border: 1px solid var(--off); }
.gates { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 460px), 1fr)); gap: 14px; }
.gate { min-width: 0; padding: 16px 16px 10px; }
.gate.break { border-color: var(--bad); box-shadow: inset 0 3px 0 var(--bad); }
.gate .top { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: center; gap: 4px 12px; }
.gate .now { margin: 6px 0 0; font-variant-numeric: tabular-nums; color: var(--soft); }
.gate .now b { margin-right: 8px; font-size: 24px; font-weight: 650; color: var(--ink); }
.gate .says { margin: 4px 0 8px; color: var(--soft); font-size: 13.5px; overflow-wrap: anywhere; }
.gate .whatif { margin: 6px 0 4px; color: var(--soft); font-size: 13.5px; }
.whatif input { width: 9ch; padding: 2px 6px; font: inherit; color: var(--ink); background: var(--page);
  border: 1px solid var(--line); border-radius: 6px; }
.whatif output { color: var(--ink); }
.decision .replayed { color: var(--soft); font-size: 13.5px; }
.chip { padding: 2px 10px; border-radius: 99px; font-size: 13px; font-weight: 600; white-space: nowrap; }
.chip.pass { background: var(--good-bg); color: var(--good); } .chip.break { background: var(--bad-bg); color: var(--bad); }
.chip.nodata { background: var(--warn-bg); color: var(--warn); } .chip.pending { background: var(--off-bg); color: var(--soft); }
.chart { overflow: hidden; } .chart.live { min-height: 218px; }
.chart svg { display: block; width: 100%; height: auto; }
.chart svg text { fill: var(--faint); font-size: 12px; } .chart svg text.limit { fill: var(--limit); }
.chart .axis { stroke: var(--line); } .chart line.limit { stroke: var(--limit); stroke-width: 1.5; stroke-dasharray: 6 4; }
.chart path.value { fill: none; stroke: var(--value); stroke-width: 2; } .chart circle.value { fill: var(--value); }
.chart .mark { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 2 3; }
.chart .mark.break { stroke: var(--bad); stroke-width: 2; stroke-dasharray: none; }
.chart .mark.event { stroke: var(--soft); stroke-dasharray: 1 4; }
.chart.live .static { display: none; }
.uplot { font-family: inherit; } .u-legend { color: var(--soft); font-size: 13px; text-align: left; }
.uplot .u-legend th { font-weight: 400; }
.u-legend .u-value { font-variant-numeric: tabular-nums; }
.table { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 14px; }
.table th, .table td { padding: 8px 14px; text-align: left; vertical-align: top; border-top: 1px solid var(--line); }
.table thead th { border-top: 0; color: var(--soft); font-weight: 550; font-size: 13px; }
.table td { overflow-wrap: anywhere; } .table td.name { white-space: nowrap; }
.table td.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.hint { margin: 8px 0 0; color: var(--soft); font-size: 13.5px; }
:focus-visible { outline: 3px solid var(--value); outline-offset: 2px; }
details summary { padding: 12px 16px; cursor: pointer; color: var(--soft); }
.record { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; padding: 14px 16px; margin: 0; }
.record dt { color: var(--soft); } .record dd { margin: 0; min-width: 0; }
footer { padding: 28px 20px 40px; color: var(--faint); font-size: 13px; }
@media (max-width: 520px) {
  main, header, footer { padding-left: 12px; padding-right: 12px; }
  .decision { padding: 16px; } .decision .word { font-size: 27px; } .record { grid-template-columns: 1fr; }
  .table table, .table tbody, .table tr, .table td { display: block; }
  .table thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .table tr { padding: 8px 0; border-top: 1px solid var(--line); } .table tr:first-child { border-top: 0; }
  .table td, .table td.name, .table td.time { position: relative; min-height: 1.6em; padding: 2px 14px 2px 7.5em; border-top: 0;
    white-space: normal; }
  .table td::before { content: attr(data-label); position: absolute; left: 14px; width: 6em; color: var(--soft); font-size: 13px; }
  .table td[colspan] { padding-left: 14px; } .table td[colspan]::before { content: none; }
}
@media print {
  :root { color-scheme: light; } body { background: #fff; }
  .card, .decision { break-inside: avoid; } details:not([open]), .whatif { display: none; }
  .chart.live { min-height: 0; } .chart.live .static { display: block; } .chart.live .uplot { display: none; }
}
`;
