import type { Assessment, WatchPolicy } from '@dhash/quality-gates';
import type { VerdictChange } from '../watch/verdict-changes.ts';
import type { WatchEvent, WatchNotice, WatchOutcome } from '../watch/watch-event.ts';
import { markOf, type PollMark } from './format.ts';

/** Values that a spark line and a strip show, newest last. */
export const sparkLength = 30;

/** All that the terminal shows; a fold over the watch's events. */
export type TerminalState = {
  /** For instance `dhash 1.2 → production`. */
  readonly title: string;
  readonly run: string | null;
  readonly policy: WatchPolicy;
  readonly startedAt: number;
  /** The time that the view is drawn for, ms since the epoch. */
  readonly nowMs: number;
  readonly assessment: Assessment | null;
  readonly nextAt: number | null;
  readonly polls: number;
  readonly missed: number;
  /** The newest {@link sparkLength} polls. */
  readonly marks: readonly PollMark[];
  /** Per gate, its newest {@link sparkLength} values. */
  readonly values: Readonly<Record<string, readonly (number | null)[]>>;
  /** The newest verdict change; `null`: none so far. */
  readonly lastChange: VerdictChange | null;
  /** Why the newest failing poll failed; `null` while health is OK. */
  readonly trouble: string | null;
  /** The newest notice that is no verdict: a clock that was set, a gate that is blind, a certificate that ended. */
  readonly notice: WatchNotice | null;
  readonly ended: WatchOutcome['decision'] | null;
};

/** The view before the first poll. */
export const startTerminal = (
  start: Pick<TerminalState, 'title' | 'run' | 'policy' | 'startedAt' | 'nowMs'>,
): TerminalState => ({
  ...start,
  assessment: null,
  nextAt: start.startedAt,
  polls: 0,
  missed: 0,
  marks: [],
  values: {},
  lastChange: null,
  trouble: null,
  notice: null,
  ended: null,
});

const newest = <T>(list: readonly T[], next: T): T[] => [...list, next].slice(-sparkLength);

/** The view after an event, at `nowMs`. Pure. */
export const advanceTerminal = (
  state: TerminalState,
  event: WatchEvent,
  nowMs: number,
): TerminalState => {
  if (event.type === 'verdict.changed') return { ...state, nowMs, lastChange: event };
  if (event.type === 'decided') return { ...state, nowMs };
  if (event.type !== 'poll' && event.type !== 'missed') return { ...state, nowMs, notice: event };
  const { sample, assessment, nextAt } = event;
  const values = Object.fromEntries(
    Object.entries(assessment.gates).map(([gate, verdict]) => [
      gate,
      newest(state.values[gate] ?? [], event.type === 'poll' ? verdict.value : null),
    ]),
  );
  return {
    ...state,
    nowMs,
    assessment,
    nextAt,
    values,
    marks: newest(state.marks, markOf(sample)),
    polls: state.polls + (event.type === 'poll' ? 1 : 0),
    missed: state.missed + (event.type === 'missed' ? 1 : 0),
    trouble:
      event.type === 'missed' || event.sample.health.ok === true
        ? null
        : (event.sample.health.reason ?? 'health is not OK'),
  };
};

/** The view once the watch has ended. Pure. */
export const endTerminal = (
  state: TerminalState,
  outcome: WatchOutcome,
  nowMs: number,
): TerminalState => ({
  ...state,
  nowMs,
  assessment: outcome.assessment,
  nextAt: null,
  ended: outcome.decision,
});
