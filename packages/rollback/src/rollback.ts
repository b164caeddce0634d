import type { DataDifference } from '@dhash/backup-core';
import { messageOf } from '@dhash/basics/message-of';
import {
  type Json,
  type NewEvent,
  runSteps,
  type Step,
  type StepEvent,
  type StepsOutcome,
  undoSteps,
} from '@dhash/journal';
import { RollbackError } from './errors.ts';
import { type IncidentResult, logLine, writeIncident } from './incident.ts';
import type { RollbackOptions } from './options.ts';
import type { RollbackStep } from './plan-rollback.ts';
import { ownEvents, resultsOf, rollbackScope, type SafetyResult } from './results.ts';
import type { StepDeps } from './step-deps.ts';
import { makeSteps } from './steps.ts';
import { workPlaces } from './work-places.ts';

/** A step event of scope `rollback`. */
export type RollbackEvent = StepEvent;

export type RollbackOutcome =
  /** Release and data are back, and the service was seen to be well. */
  | {
      kind: 'validated';
      /** The incident folder; `null` where it could not be written (see `warnings`). */
      incident: string | null;
      /** The zip of what was put aside; `null` where nothing was, or it could not be made. */
      safety: string | null;
      /** What `proveRestored` found; `null` where the data was kept. */
      proof: Json;
      /** What was written since the backup. */
      written: DataDifference | null;
      /** What did not work after the service was well; where `safety` is among it, what was put aside is still there. */
      warnings: string[];
    }
  /** Nothing changed: the data is the one from before, and the service was started again if it had been stopped. */
  | { kind: 'failed-before-swap'; step: string; error: unknown }
  /** People are needed now. Nothing was removed. */
  | {
      kind: 'not-validated';
      step: string;
      error: unknown;
      state: string;
      commands: string[];
      incident: string | null;
    };

const untilSwap: readonly RollbackStep[] = ['verify', 'stage', 'stop', 'swap'];
const afterSwap: readonly RollbackStep[] = ['activate', 'prove', 'start', 'health', 'smoke'];
/** Each alone: that one fails must not keep the others from being done. */
const afterwards: readonly RollbackStep[] = ['safety', 'incident', 'clean'];

type Rollback = {
  readonly deps: StepDeps;
  readonly own: readonly NewEvent[];
  readonly note: (event: StepEvent) => void;
};

/**
 * Rolls back as planned. Each yield is append-before-act: make the event durable, then ask for the
 * next one. After a kill, call it again with the journal as `past`.
 *
 * Up to the swap a failure puts everything back and starts the service again. After it, a failure
 * leaves the swap as it is, undoable ({@link undoRollback}), and removes nothing.
 *
 * @throws The signal's reason when aborted (a resume goes on); RollbackError `unfinished-swap`.
 */
export async function* rollback(
  options: RollbackOptions,
): AsyncGenerator<RollbackEvent, RollbackOutcome> {
  const { own, before } = ownEvents(options.past);
  refuseUnfinishedSwap(before);
  const current = beginFrom(options, own);
  const { results } = current.deps;

  const first = yield* phase(current, untilSwap, 'undo');
  if (first.kind === 'failed') {
    if (first.undone === 'all')
      return { kind: 'failed-before-swap', step: first.step, error: first.error };
    return yield* notValidated(current, first);
  }
  const second = yield* phase(current, afterSwap, 'stop');
  if (second.kind === 'failed') return yield* notValidated(current, second);

  const warnings: string[] = [];
  for (const step of afterwards) {
    // Without a verified zip of it, what was put aside stays.
    if (step === 'clean' && results.get('safety') === undefined) continue;
    const outcome = yield* phase(current, [step], 'stop');
    if (outcome.kind === 'failed')
      warnings.push(
        `${step}: ${messageOf(outcome.error)}${step === 'safety' ? `; what was put aside stays at ${placesOf(current)}` : ''}`,
      );
  }
  const incident = results.get('incident') as IncidentResult | undefined;
  const safety = results.get('safety') as SafetyResult | undefined;
  return {
    kind: 'validated',
    incident: incident?.folder ?? null,
    safety: safety?.file ?? null,
    proof: results.get('prove') ?? null,
    written: incident?.written ?? null,
    warnings,
  };
}

/**
 * Takes a rollback back whose swap is still undoable: stops, swaps the data from before it in again,
 * activates the release from before it, starts.
 *
 * @throws RollbackError `already-cleaned` where what was put aside is gone (restore the safety zip).
 */
export async function* undoRollback(
  options: RollbackOptions,
): AsyncGenerator<RollbackEvent, StepsOutcome> {
  const { own } = ownEvents(options.past);
  const current = beginFrom(options, own);
  const cleaned = own.some(({ type, step }) => type === 'step.started' && step === 'clean');
  if (cleaned) {
    const safety = current.deps.results.get('safety') as SafetyResult | undefined;
    throw new RollbackError(
      'already-cleaned',
      `this rollback was finished: what it put aside was zipped and removed. To go back to it, roll back to ${safety?.file ?? 'the safety zip'}`,
      { safety: safety?.file ?? null },
    );
  }
  const undoable = [...untilSwap, ...afterSwap];
  return yield* undoSteps(makeSteps(undoable, current.deps), eventsOf(own, undoable), {
    scope: rollbackScope,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
}

const beginFrom = (options: RollbackOptions, own: readonly NewEvent[]): Rollback => {
  const { attempt } = ownEvents(options.past);
  const results = resultsOf(own);
  const log = own.map((event) =>
    logLine(String(event['at'] ?? ''), event as NewEvent & { step: string }),
  );
  const deps: StepDeps = {
    options,
    results,
    id: results.verified()?.id ?? `${options.runId}-${attempt}`,
    isResumed: own.length > 0,
    log: () => log,
  };
  const note = (event: StepEvent) => {
    results.note(event);
    log.push(logLine(new Date(options.clock.now()).toISOString(), event));
  };
  return { deps, own, note };
};

/** Runs some of the planned steps; an abort ends the whole rollback. */
async function* phase(
  { deps, own, note }: Rollback,
  names: readonly RollbackStep[],
  onFailure: 'undo' | 'stop',
): AsyncGenerator<StepEvent, StepsOutcome> {
  const { plan, signal } = deps.options;
  const planned = names.filter((name) => plan.steps.includes(name));
  const steps = makeSteps(planned, deps);
  const outcome = yield* noting(note, run(steps, eventsOf(own, planned), onFailure, signal));
  if (outcome.kind === 'failed' && outcome.undone === 'none' && signal?.aborted)
    throw signal.reason;
  return outcome;
}

const run = (
  steps: readonly Step[],
  past: readonly NewEvent[],
  onFailure: 'undo' | 'stop',
  signal: AbortSignal | undefined,
) =>
  runSteps(steps, past, {
    onFailure,
    scope: rollbackScope,
    ...(signal === undefined ? {} : { signal }),
  });

/** Passes events on, each noted before the next act, like the consumer's own append. */
async function* noting(
  note: (event: StepEvent) => void,
  events: AsyncGenerator<StepEvent, StepsOutcome>,
): AsyncGenerator<StepEvent, StepsOutcome> {
  try {
    for (;;) {
      const next = await events.next();
      if (next.done) return next.value;
      note(next.value);
      yield next.value;
    }
  } finally {
    // A consumer that stopped: nothing more may run in here.
    await events.return({ kind: 'done' });
  }
}

const eventsOf = (own: readonly NewEvent[], names: readonly string[]): NewEvent[] =>
  own.filter(({ step }) => typeof step === 'string' && names.includes(step));

const placesOf = ({ deps }: Rollback): string => workPlaces(deps.results.staged()).join(', ');

/** A step of its own, so that a later success writes its incident anew. */
const failureStep = 'incident-not-validated';

async function* notValidated(
  current: Rollback,
  failed: Extract<StepsOutcome, { kind: 'failed' }>,
): AsyncGenerator<StepEvent, RollbackOutcome> {
  const { deps, note } = current;
  const { step } = failed;
  const error = typeof failed.undone === 'object' ? failed.undone.error : failed.error;
  const at =
    typeof failed.undone === 'object'
      ? `${step} failed, and taking back ${failed.undone.failedAt} failed`
      : `${step} failed`;
  const outcome = { kind: 'not-validated', step, error: messageOf(error) } as const;
  const writing: Step = { name: failureStep, run: () => writeIncident(deps, outcome) };
  const written = yield* noting(note, run([writing], [], 'stop', undefined));
  return {
    kind: 'not-validated',
    step,
    error,
    state: `${at}: ${messageOf(error)}. ${stateSentence(current)}`,
    commands: [...(deps.options.nextCommands ?? [])],
    incident: written.kind === 'done' ? deps.options.incidentDir : null,
  };
}

const stateSentence = (current: Rollback): string => {
  const { results } = current.deps;
  const isDone = (step: RollbackStep) => results.get(step) !== undefined;
  const to = results.verified()?.to ?? 'none';
  return [
    dataSentence(current),
    isDone('activate') ? `release ${to} is active` : 'the release was not switched',
    results.began('start')
      ? 'the service was told to start and is not known to be well'
      : 'the service is stopped',
    'nothing was removed',
  ].join('; ');
};

const dataSentence = (current: Rollback): string => {
  const { results } = current.deps;
  if (!results.began('swap')) return 'The data is the one from before';
  return results.get('swap') === undefined
    ? `The data may be half swapped: both sides are whole under ${placesOf(current)}`
    : `The data is the backup's; what was live is put aside whole under ${placesOf(current)}`;
};

const refuseUnfinishedSwap = (before: readonly NewEvent[]): void => {
  const last = before.findLast(({ step }) => step === 'swap');
  if (last === undefined || last.type === 'step.done' || last.type === 'step.undone') return;
  throw new RollbackError(
    'unfinished-swap',
    'an earlier rollback of this run was cut off while it swapped the data; resume it (--resume) instead of starting another',
  );
};
