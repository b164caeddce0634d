import { startTerminal, terminalView, type WatchEvent, type WatchOutcome } from '@dhash/monitor';
import type { WatchPolicy } from '@dhash/quality-gates';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';

/** Between two redraws of the times on a terminal, ms. */
const tickMs = 1000;

/** Shows a watch as it runs: to people as a block or as lines, in `--json` one event a line. */
export interface WatchView {
  show(event: WatchEvent): void;
  end(outcome: WatchOutcome | null): void;
}

export const watchView = (
  context: CommandContext,
  { config }: Environment,
  policy: WatchPolicy,
  watched: { readonly run: string; readonly version: string | null; readonly startedAt: number },
): WatchView => {
  const { output, clock } = context;
  const view = terminalView(
    {
      write: (text) => {
        output.write(text);
      },
      isTTY: output.interactive,
      columns: output.width,
      ...(output.height === undefined ? {} : { rows: output.height }),
    },
    startTerminal({
      title: `${config.service}${watched.version === null ? '' : ` ${watched.version}`} → ${config.env}`,
      run: watched.run,
      policy,
      startedAt: watched.startedAt,
      nowMs: clock.now(),
    }),
    { color: output.color },
  );
  const ticking = output.interactive ? setInterval(() => view.tick(clock.now()), tickMs) : null;
  ticking?.unref();
  return {
    show: (event) => {
      const { type, ...rest } = event;
      output.event({
        type: type === 'poll' || type === 'missed' ? `watch.${type}` : type,
        ...rest,
      });
      view.event(event, clock.now());
    },
    end: (outcome) => {
      if (ticking !== null) clearInterval(ticking);
      if (outcome !== null) view.end(outcome, clock.now());
    },
  };
};
