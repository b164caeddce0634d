import type { TargetRun } from './types.ts';

/** After this a command that has not come back is told of, ms. */
const slowMs = 10_000;

/** As rollout.yaml says it: `10m`, `90s`. */
export const written = (ms: number): string => {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
};

const slowSentence = (name: string, limitMs: number): string => {
  const after = `${name} has not come back after ${slowMs / 1000} s`;
  return name === 'start'
    ? `${after}: a start command should put the service in the background and return (limit ${written(limitMs)}: target.startTimeout); Ctrl-C ends it`
    : `${after} (limit ${written(limitMs)}); Ctrl-C ends it`;
};

/** A signal for the command, and the end of waiting for it. */
export interface Patience {
  readonly signal: AbortSignal;
  end(): void;
}

/**
 * Tells of a command that does not come back. An interruption ends it at once when that was told, and when it would be
 * before: one that comes back in time is not cut off half-way, and a start leaves the service up. A second one ends it
 * at once.
 */
export const patience = (
  name: string,
  limitMs: number,
  { signal, leave, onNotice }: Pick<TargetRun, 'signal' | 'leave' | 'onNotice'>,
): Patience => {
  const controller = new AbortController();
  // What runs after an interruption is on the way to a safe place: it is not ended by that one.
  const mayEnd = signal !== undefined && !signal.aborted;
  let isSlow = false;
  const interrupt = () => {
    if (isSlow) controller.abort(signal?.reason);
    else
      onNotice?.(
        `interrupted: ${name} is given ${slowMs / 1000} s in all to come back, and is not cut off before`,
      );
  };
  const end = () => controller.abort(leave?.reason);
  if (mayEnd) signal.addEventListener('abort', interrupt, { once: true });
  // One that was there before: what runs after it is what somebody asked for since.
  if (leave?.aborted === false) leave.addEventListener('abort', end, { once: true });
  const timer = setTimeout(() => {
    isSlow = true;
    onNotice?.(slowSentence(name, limitMs));
    if (mayEnd && signal.aborted) controller.abort(signal.reason);
  }, slowMs);
  return {
    signal: controller.signal,
    end: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', interrupt);
      leave?.removeEventListener('abort', end);
    },
  };
};
