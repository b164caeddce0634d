import { formatDuration, formatInstant } from '../words/format.ts';
import type { RecordedEvent } from './events.ts';

/** What took the service down. */
export type DownBy = 'deploy' | 'migrate' | 'rollback' | 'undo' | 'person';

/** How long a step, or the undo of one, kept the service down, ms. */
export interface DownStep {
  readonly step: string;
  readonly isUndo: boolean;
  readonly ms: number;
}

/** One stretch without service: from the beginning of a stop to the first answer that proved healthy. */
export interface DownSpan {
  readonly by: DownBy;
  /** Unix epoch, ms. */
  readonly fromMs: number;
  /** `null`: it is down still, as far as the record tells. */
  readonly toMs: number | null;
  /** In the order in which they ended; what lies between two steps is in no step. */
  readonly steps: readonly DownStep[];
}

export interface Downtime {
  readonly spans: readonly DownSpan[];
  /** Of the stretches that ended, ms. */
  readonly endedMs: number;
  /** Since when it is down, Unix epoch, ms; `null`: it is not. */
  readonly downSinceMs: number | null;
}

interface Folding {
  readonly ended: readonly DownSpan[];
  readonly open: DownSpan | null;
  /** When the step under way began, ms. */
  readonly stepFromMs: number;
  /** Of the event before, ms. */
  readonly lastMs: number;
  /** Who would have taken the service down now. */
  readonly by: DownBy;
}

const firstOkMs = (data: unknown): number | null => {
  const fields = (typeof data === 'object' && data !== null ? data : {}) as { firstOkMs?: unknown };
  return typeof fields.firstOkMs === 'number' ? fields.firstOkMs : null;
};

const opened = (folding: Folding, fromMs: number): Folding =>
  folding.open === null
    ? { ...folding, open: { by: folding.by, fromMs, toMs: null, steps: [] } }
    : folding;

const ended = (folding: Folding, toMs: number): Folding =>
  folding.open === null
    ? folding
    : { ...folding, ended: [...folding.ended, { ...folding.open, toMs }], open: null };

/** The step that ended now, as far as it lay in the stretch. */
const withStep = (
  folding: Folding,
  { step, isUndo, fromMs, toMs }: Omit<DownStep, 'ms'> & { fromMs: number; toMs: number },
): Folding => {
  const { open } = folding;
  if (open === null) return folding;
  const ms = Math.max(0, toMs - Math.max(fromMs, open.fromMs));
  return { ...folding, open: { ...open, steps: [...open.steps, { step, isUndo, ms }] } };
};

const byOf = (event: RecordedEvent, before: DownBy): DownBy => {
  switch (event.type) {
    case 'run.opened':
      if (event.kind === 'service') return 'person';
      return event.kind === 'migrate' || event.kind === 'rollback' ? event.kind : 'deploy';
    case 'rollback.started':
      return event.trigger === 'undo' ? 'undo' : 'rollback';
    case 'abort.started':
    case 'step.failed':
      return before === 'rollback' ? before : 'undo';
    default:
      return before;
  }
};

const next = (before: Folding, event: RecordedEvent): Folding => {
  const atMs = Date.parse(event.at);
  const { lastMs } = before;
  const folding = { ...before, by: byOf(event, before.by), lastMs: atMs };
  switch (event.type) {
    case 'step.started': {
      const begun = { ...folding, stepFromMs: atMs };
      return event.step === 'stop' ? opened(begun, atMs) : begun;
    }
    case 'step.done': {
      const { step, data } = event;
      const fromMs = before.stepFromMs;
      const answeredMs = step === 'health' ? firstOkMs(data) : null;
      const toMs = answeredMs === null ? atMs : Math.min(atMs, fromMs + answeredMs);
      const told = withStep(folding, { step, isUndo: false, fromMs, toMs });
      return step === 'health' ? ended(told, toMs) : told;
    }
    case 'step.failed':
      return withStep(folding, {
        step: event.step,
        isUndo: false,
        fromMs: before.stepFromMs,
        toMs: atMs,
      });
    case 'step.undone': {
      const { step } = event;
      // Nothing is written before an undo acts: it stopped the service at some time since the event before.
      const down = step === 'start' ? opened(folding, lastMs) : folding;
      const told = withStep(down, { step, isUndo: true, fromMs: lastMs, toMs: atMs });
      return step === 'stop' ? ended(told, atMs) : told;
    }
    default:
      return folding;
  }
};

/**
 * How long the service was down in a run, by its journal alone: from the beginning of each stop to the first of the
 * answers that were found healthy. Where a stop is taken back, to the end of that start. Pure.
 */
export const downtimeOf = (events: readonly RecordedEvent[]): Downtime => {
  const start: Folding = { ended: [], open: null, stepFromMs: 0, lastMs: 0, by: 'deploy' };
  const folded = events.reduce(next, start);
  const spans = folded.open === null ? folded.ended : [...folded.ended, folded.open];
  return {
    spans,
    endedMs: folded.ended.reduce(
      (sum, span) => sum + Math.max(0, (span.toMs ?? 0) - span.fromMs),
      0,
    ),
    downSinceMs: folded.open?.fromMs ?? null,
  };
};

/** All of it up to a moment, ms; `null`: this run never took the service down. Pure. */
export const downtimeUntil = (
  { spans, endedMs, downSinceMs }: Downtime,
  nowMs: number,
): number | null => {
  if (spans.length === 0) return null;
  return endedMs + (downSinceMs === null ? 0 : Math.max(0, nowMs - downSinceMs));
};

const byWords: Readonly<Record<DownBy, string>> = {
  deploy: 'in the deploy',
  migrate: 'in the migration',
  rollback: 'in the rollback',
  undo: 'in the undo',
  person: 'by hand',
};

/** Steps too short to be named to people, ms. */
const unnamedMs = 50;

/** `stop 300 ms, undo of start 1.2 s`: the steps that matter. */
export const describeSteps = (
  steps: readonly { readonly step: string; readonly ms: number; readonly isUndo?: boolean }[],
): string =>
  steps
    .filter(({ ms }) => ms >= unnamedMs)
    .map(
      ({ step, ms, isUndo = false }) => `${isUndo ? 'undo of ' : ''}${step} ${formatDuration(ms)}`,
    )
    .join(', ');

const describeSpan = ({ by, fromMs, toMs, steps }: DownSpan, nowMs: number): string => {
  const named = describeSteps(steps);
  const long = formatDuration(Math.max(0, (toMs ?? nowMs) - fromMs));
  const head =
    toMs === null ? `down since ${formatInstant(fromMs)}, ${long} by now` : `${long} down`;
  return `${head} ${byWords[by]}${named === '' ? '' : ` (${named})`}`;
};

/** A run's downtime in words, with its steps; `null`: it took nothing down. Pure. */
export const describeDowntime = ({ spans }: Downtime, nowMs: number): string | null =>
  spans.length === 0 ? null : spans.map((span) => describeSpan(span, nowMs)).join('; ');
