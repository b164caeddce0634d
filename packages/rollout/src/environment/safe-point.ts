import type { RecordedEvent } from '../record/events.ts';
import { foldRun, type ServiceStand } from '../record/run-state.ts';
import type { OpenRun } from './open-run.ts';

/** A signal for the steps of a run, and its end. */
export interface SafePoint {
  readonly signal: AbortSignal;
  dispose(): void;
}

const standOf = ({ run, events }: OpenRun['recorder']): ServiceStand =>
  foldRun(run, events)?.service ?? 'untouched';

/**
 * A signal that follows the command's own, but not while this run has the service stopped: it then goes on until
 * the service was started again. A second signal ends the steps wherever they are. A start that was under way when
 * the signal came is ended at once, since it may never come back.
 */
export const untilSafePoint = ({
  context,
  recorder,
}: Pick<OpenRun, 'context' | 'recorder'>): SafePoint => {
  const { signal, leave, output } = context;
  const steps = new AbortController();
  let isWaiting = false;
  const onSignal = () => {
    const stand = standOf(recorder);
    if (stand !== 'stopping' && stand !== 'stopped') return steps.abort(signal.reason);
    isWaiting = true;
    output.line(
      'interrupted while the service is stopped: going on until it runs again (once more leaves it stopped)',
    );
  };
  const onLeave = () => steps.abort(leave.reason);
  const onEvent = ({ type }: RecordedEvent) => {
    if (!isWaiting || !type.startsWith('step.')) return;
    const stand = standOf(recorder);
    if (stand === 'started' || stand === 'untouched') steps.abort(signal.reason);
  };
  if (signal.aborted) onSignal();
  else signal.addEventListener('abort', onSignal, { once: true });
  leave.addEventListener('abort', onLeave, { once: true });
  recorder.onEvent(onEvent);
  return {
    signal: steps.signal,
    dispose: () => {
      signal.removeEventListener('abort', onSignal);
      leave.removeEventListener('abort', onLeave);
      isWaiting = false;
    },
  };
};
