/** What the page of a run has beyond the style of a watch's report. */
export const pageStyle = `
h1.story { font-size: 24px; font-weight: 650; max-width: 62ch; }
.decision.story { margin-top: 18px; } .decision.story .now { font-size: 16px; }
.decision.story .cost { margin-top: 10px; font-size: 17px; font-weight: 600; }
.facts { display: flex; flex-wrap: wrap; gap: 2px 22px; margin: 6px 0 0; color: var(--soft); font-size: 14px; }
.todo { margin: 0; padding: 6px 0; list-style: none; } .todo li { padding: 9px 16px; }
.todo li + li { border-top: 1px solid var(--line); } .todo code, .cmd { display: block; margin-top: 4px; padding: 6px 10px;
  background: var(--page); border-radius: 6px; user-select: all; }
.chip.down { background: var(--bad-bg); color: var(--bad); } .chip.failed, .chip.cut { background: var(--bad-bg); color: var(--bad); }
.chip.undone { background: var(--warn-bg); color: var(--warn); } .chip.done { background: var(--good-bg); color: var(--good); }
.took svg { display: block; width: 110px; height: 6px; margin-top: 4px; } .took .bar { fill: var(--value); } .took .bar.down { fill: var(--bad); }
.part { color: var(--soft); font-size: 12.5px; } tr .step { font-weight: 600; }
.rail { padding: 14px 16px 10px; } .rail svg { display: block; width: 100%; height: 34px; }
.rail .deploy { fill: var(--value); } .rail .rollback { fill: var(--warn); } .rail .watch { fill: var(--good); opacity: .55; } .rail .down { fill: var(--bad); }
i.deploy { background: var(--value); } i.rollback { background: var(--warn); } i.watch { background: var(--good); opacity: .55; } i.down { background: var(--bad); }
.prose { padding: 12px 16px; } .prose p { margin: 0 0 6px; overflow-wrap: anywhere; } .prose p:last-child { margin: 0; }
@media (max-width: 520px) { h1.story { font-size: 20px; } .took svg { width: 100%; } }
`;
