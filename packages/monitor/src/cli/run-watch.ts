import { type WatchServiceOptions, watchService } from '../service/watch-service.ts';
import { plain } from '../view/format.ts';
import { renderEventLine } from '../view/render-event-line.ts';
import type { WatchEvent, WatchOutcome } from '../watch/watch-event.ts';
import type { Format } from './read-arguments.ts';

const exitCodes: Readonly<Record<WatchOutcome['decision'], number>> = {
  promote: 0,
  // Told, and nothing more: whoever wants it to fail a job gives the gate another onBreak.
  advise: 0,
  inconclusive: 3,
  rollback: 5,
  freeze: 5,
  alert: 5,
  interrupted: 130,
  'stood-down': 130,
};

/** Watches to the decision, a line an event. `interruptedExit`: asked for where a signal ended it. Gives the exit code. */
export const runWatch = async (
  options: WatchServiceOptions,
  { format, interruptedExit }: { readonly format: Format; interruptedExit(): number },
  say: (line: string) => void,
): Promise<number> => {
  let startedAt: number | null = null;
  const onEvent = (event: WatchEvent) => {
    if (event.type === 'poll' || event.type === 'missed') startedAt ??= event.sample.at;
    say(
      format === 'json'
        ? JSON.stringify(event)
        : renderEventLine(event, { startedAt: startedAt ?? 0 }),
    );
  };
  const { decision, assessment } = await watchService({ ...options, onEvent });
  const exit = decision === 'interrupted' ? interruptedExit() : exitCodes[decision];
  say(
    format === 'json'
      ? JSON.stringify({ type: 'result', decision, reasons: assessment.reasons, exit })
      : plain([decision, ...assessment.reasons].join(': ')),
  );
  return exit;
};
