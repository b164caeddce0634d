import { messageOf } from '@dhash/basics/message-of';
import type { NewEvent } from './chain.ts';
import { JournalError } from './errors.ts';
import type { Json } from './json.ts';

/** One part of a run. Both functions must be safe to run twice: a kill may fall after the act and before its record. */
export type Step = {
  /** Unique among the steps of a run. */
  readonly name: string;
  /** What it returns is recorded, and given to `undo`; `undefined` is recorded as `null`. */
  // biome-ignore lint/suspicious/noConfusingVoidType: most steps return nothing, and need not say so.
  run(context: { signal: AbortSignal }): Promise<Json | void>;
  /** Takes the step back. `done` is what `run` returned, `null` where it began and did not finish. */
  undo?(done: Json): Promise<void>;
};

/** `scope` tells the steps of several step lists in one journal apart; see `StepsOptions`. */
export type StepEvent =
  | { type: 'step.started'; step: string; scope?: string }
  | { type: 'step.done'; step: string; data: Json; ms: number; scope?: string }
  | { type: 'step.failed'; step: string; error: string; scope?: string }
  | { type: 'step.undone'; step: string; scope?: string };

export type StepsOutcome =
  | { kind: 'done' }
  | {
      kind: 'failed';
      step: string;
      error: unknown;
      /** `all`: everything that began was taken back. `none`: nothing was, and a resume goes on. */
      undone: 'all' | 'none' | { failedAt: string; error: unknown };
    };

export type StepsOptions = {
  readonly signal?: AbortSignal;
  /** `undo` (the default): take back, newest first, all that began. `stop`: leave everything as it is. */
  readonly onFailure?: 'undo' | 'stop';
  /** Only events of the same scope count as this list's past; none counts events without a scope. */
  readonly scope?: string;
  /** Milliseconds of a clock that never goes back. */
  readonly elapsedMs?: () => number;
};

type State = { kind: 'began' } | { kind: 'done'; data: Json };
type Progress = {
  /** Of the steps that began and were not taken back, in the order they began. */
  readonly states: Map<string, State>;
  /** Set where a step failed, and the undo that followed it was not finished. */
  failed: { step: string; error: string } | null;
};

/**
 * Runs steps in order, from where `past` ends: a step that is done is skipped (what it returned is
 * kept for its undo), one that began and is not done runs again. Never writes: **each yield is
 * append-before-act**. The consumer makes the event durable and only then asks for the next one; a
 * consumer whose append failed calls `return()` (as `break` in `for await` does), and nothing more
 * is run, not even an undo.
 *
 * A failure yields `step.failed` and undoes as `onFailure` says. Where `past` ends within such an
 * undo, the undo goes on, not the steps. An abort is no failure: it undoes nothing and returns
 * `failed` with the signal's reason and `undone: 'none'`; a resume goes on.
 *
 * @throws JournalError `unknown-step` where `past` holds a step that is not in `steps`.
 */
export async function* runSteps(
  steps: readonly Step[],
  past: readonly NewEvent[],
  options: StepsOptions = {},
): AsyncGenerator<StepEvent, StepsOutcome> {
  const { onFailure = 'undo', elapsedMs = () => performance.now() } = options;
  const signal = options.signal ?? new AbortController().signal;
  const mark = options.scope === undefined ? {} : { scope: options.scope };
  const progress = progressOf(steps, past, options.scope);
  const { failed, states } = progress;
  if (failed !== null && onFailure === 'undo') {
    const error = new Error(failed.error);
    return {
      kind: 'failed',
      step: failed.step,
      error,
      undone: yield* undoAll(steps, states, mark),
    };
  }

  for (const step of steps) {
    if (states.get(step.name)?.kind === 'done') continue;
    if (signal.aborted) return interrupted(step.name, signal);
    yield { type: 'step.started', step: step.name, ...mark };
    states.set(step.name, { kind: 'began' });
    const startedMs = elapsedMs();
    let data: Json;
    try {
      data = (await step.run({ signal })) ?? null;
    } catch (error) {
      if (signal.aborted) return interrupted(step.name, signal);
      yield { type: 'step.failed', step: step.name, error: messageOf(error), ...mark };
      if (onFailure === 'stop') return { kind: 'failed', step: step.name, error, undone: 'none' };
      const undone = yield* undoAll(steps, states, mark);
      return { kind: 'failed', step: step.name, error, undone };
    }
    states.set(step.name, { kind: 'done', data });
    const ms = Math.round(elapsedMs() - startedMs);
    yield { type: 'step.done', step: step.name, data, ms, ...mark };
  }
  return { kind: 'done' };
}

/**
 * Takes back, newest first, every step that began in `past` and was not undone since. Each yield is
 * append-before-act, as in `runSteps`.
 *
 * @returns `done` where all is taken back, also where nothing had begun.
 * @throws JournalError `unknown-step`
 */
export async function* undoSteps(
  steps: readonly Step[],
  past: readonly NewEvent[],
  options: Pick<StepsOptions, 'signal' | 'scope'> = {},
): AsyncGenerator<StepEvent, StepsOutcome> {
  const mark = options.scope === undefined ? {} : { scope: options.scope };
  const { states } = progressOf(steps, past, options.scope);
  const undone = yield* undoAll(steps, states, mark, options.signal);
  if (undone === 'all') return { kind: 'done' };
  return { kind: 'failed', step: undone.failedAt, error: undone.error, undone };
}

async function* undoAll(
  steps: readonly Step[],
  states: Map<string, State>,
  mark: { scope?: string },
  signal?: AbortSignal,
): AsyncGenerator<StepEvent, 'all' | { failedAt: string; error: unknown }> {
  for (const step of steps.toReversed()) {
    const state = states.get(step.name);
    if (state === undefined) continue;
    try {
      signal?.throwIfAborted();
      await step.undo?.(state.kind === 'done' ? state.data : null);
    } catch (error) {
      return { failedAt: step.name, error };
    }
    states.delete(step.name);
    yield { type: 'step.undone', step: step.name, ...mark };
  }
  return 'all';
}

const progressOf = (
  steps: readonly Step[],
  past: readonly NewEvent[],
  scope: string | undefined,
): Progress => {
  const names = new Set(steps.map(({ name }) => name));
  const progress: Progress = { states: new Map(), failed: null };
  for (const event of past) {
    const { type, step } = event;
    if (!type.startsWith('step.') || event['scope'] !== scope || typeof step !== 'string') continue;
    if (!names.has(step))
      throw new JournalError(
        'unknown-step',
        `the record holds the step "${step}", which is none of ${[...names].join(', ')}: it was written by another version or another kind of run`,
        { step },
      );
    note(progress, event, step);
  }
  return progress;
};

const note = (progress: Progress, event: NewEvent, step: string): void => {
  const { states } = progress;
  switch (event.type) {
    case 'step.started':
      states.set(step, { kind: 'began' });
      progress.failed = null;
      break;
    case 'step.done':
      states.set(step, { kind: 'done', data: event['data'] ?? null });
      break;
    case 'step.failed':
      progress.failed = { step, error: String(event['error']) };
      break;
    case 'step.undone':
      states.delete(step);
      if (states.size === 0) progress.failed = null;
      break;
  }
};

const interrupted = (step: string, signal: AbortSignal): StepsOutcome => ({
  kind: 'failed',
  step,
  error: signal.reason,
  undone: 'none',
});
