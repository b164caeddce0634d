import type { WatchEvent, WatchOutcome } from '../watch/watch-event.ts';
import { plain } from './format.ts';
import { renderEventLine } from './render-event-line.ts';
import { renderTerminal } from './render-terminal.ts';
import { advanceTerminal, endTerminal, type TerminalState } from './terminal-state.ts';

/** Where a view writes; `process.stdout` is one. */
export interface TerminalOut {
  write(text: string): unknown;
  /** Whether earlier text still waits for a reader; a block is drawn later then. */
  isBusy?(): boolean;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
}

/** Shows a watch: a block that is redrawn on a terminal, a plain line an event elsewhere. */
export interface TerminalView {
  event(event: WatchEvent, nowMs: number): void;
  /** Moves the times on; call it each second. Does nothing off a terminal. */
  tick(nowMs: number): void;
  end(outcome: WatchOutcome, nowMs: number): void;
}

/** Colour: only on a terminal, and `NO_COLOR` (no-color.org: set and not empty) is obeyed. */
export const wantsColor = (
  out: TerminalOut,
  env: Readonly<Record<string, string | undefined>>,
): boolean => out.isTTY === true && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb';

const control = '\u001b[';

/** A view of the watch that `start` describes. */
export const terminalView = (
  out: TerminalOut,
  start: TerminalState,
  { color }: { readonly color: boolean },
): TerminalView => {
  let state = start;
  let drawnLines = 0;

  const draw = () => {
    if (out.isBusy?.() === true) return;
    const width = Math.min(120, (out.columns ?? 80) - 1);
    // The cursor can't go up beyond the first row: a taller block would be drawn again and again.
    const block = renderTerminal(state, { width, color })
      .split('\n')
      .slice(0, Math.max(1, (out.rows ?? 50) - 1));
    const back = drawnLines === 0 ? '' : `${control}${drawnLines}A\r${control}J`;
    out.write(`${back}${block.join('\n')}\n`);
    drawnLines = block.length;
  };
  const isBlock = out.isTTY === true;
  return {
    event: (event, nowMs) => {
      state = advanceTerminal(state, event, nowMs);
      if (isBlock) draw();
      else out.write(`${renderEventLine(event, state)}\n`);
    },
    tick: (nowMs) => {
      state = { ...state, nowMs };
      if (isBlock) draw();
    },
    end: (outcome, nowMs) => {
      state = endTerminal(state, outcome, nowMs);
      if (isBlock) draw();
      else out.write(`${plain([outcome.decision, ...outcome.assessment.reasons].join(': '))}\n`);
    },
  };
};
