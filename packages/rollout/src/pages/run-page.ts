import type { ReportInput, WatchMark } from '@dhash/monitor';
import { explain, type WatchPolicy } from '@dhash/quality-gates';
import { type DownSpan, downtimeOf } from '../record/downtime.ts';
import { allOf, lastOf, type RecordedEvent } from '../record/events.ts';
import type { RunState } from '../record/run-state.ts';
import type { Holding } from '../record/standing.ts';
import { type LeftToDo, leftToDo } from './left-to-do.ts';
import { type SetAside, setAsideOf } from './set-aside.ts';
import { type Story, tellRun } from './tell-run.ts';
import { type TimelineRow, timelineOf } from './timeline.ts';
import { type WayBack, wayBackOf } from './way-back.ts';

/** Everything that the page of a run shows, before it is markup. */
export interface RunPage {
  readonly run: string;
  readonly env: string;
  readonly service: string;
  readonly state: RunState;
  /** Who began it, where, and with what. */
  readonly user: string;
  readonly host: string;
  readonly tool: string;
  readonly openedAtMs: number;
  /** `null`: it is open. */
  readonly closedAtMs: number | null;
  readonly story: Story;
  readonly timeline: readonly TimelineRow[];
  readonly down: readonly DownSpan[];
  readonly setAside: SetAside | null;
  readonly wayBack: WayBack | null;
  readonly left: readonly LeftToDo[];
  /** `null`: it was not watched. */
  readonly watch: ReportInput | null;
  /** The gates in sentences, as they were when the watch began. */
  readonly policy: readonly string[];
  /** The record's newest `seq:hash`. */
  readonly head: string;
}

/** What a page is folded from. */
export interface RunPageFacts {
  readonly state: RunState;
  readonly events: readonly RecordedEvent[];
  readonly watch: ReportInput | null;
  /** Who works on the environment while the page is made. */
  readonly held: Holding;
  /** A path as people know it. */
  readonly shown: (path: string) => string;
}

const toolIn = (tool: unknown): string => {
  if (typeof tool !== 'object' || tool === null || !('name' in tool)) return '';
  const { name, version } = tool as { name: unknown; version?: unknown };
  return `${String(name)} ${String(version ?? '')}`.trim();
};

/** What happened beside the gates, for the charts. */
export const watchMarks = (events: readonly RecordedEvent[]): WatchMark[] =>
  allOf(
    events,
    'watch.resumed',
    'watch.extended',
    'watch.impaired',
    'clock.stepped',
    'certificate.ended',
    'request.taken',
    'rollback.started',
  ).map((event) => ({
    atMs: Date.parse(event.at),
    label: event.type === 'request.taken' ? event.kind : markWords[event.type],
  }));

const markWords = {
  'watch.resumed': 'resumed',
  'watch.extended': 'extended',
  'watch.impaired': 'samples not written',
  'clock.stepped': 'clock set',
  'certificate.ended': 'certificate ended',
  'rollback.started': 'rollback',
} as const;

/** Folds a run's record, and its watch, into its page. Pure. */
export const runPage = ({ state, events, watch, held, shown }: RunPageFacts): RunPage => {
  const opened = lastOf(events, 'run.opened');
  const aside = setAsideOf(events);
  const back = wayBackOf(state, events);
  const policy = lastOf(events, 'watch.started')?.policy;
  return {
    run: state.run,
    env: state.env,
    service: opened?.service ?? '',
    state,
    user: opened?.user ?? '',
    host: opened?.host ?? '',
    tool: toolIn(opened?.tool),
    openedAtMs: Date.parse(state.openedAt),
    closedAtMs: state.endedAt === null ? null : Date.parse(state.endedAt),
    story: tellRun(state, events),
    timeline: timelineOf(events),
    down: downtimeOf(events).spans,
    setAside:
      aside === null
        ? null
        : { ...aside, files: aside.files.map((one) => ({ ...one, file: shown(one.file) })) },
    wayBack: back === null ? null : { ...back, file: back.file === null ? null : shown(back.file) },
    left: leftToDo(state, events, held),
    watch,
    // Written by this tool from a WatchPolicy.
    policy: policy === undefined ? [] : explain(policy as unknown as WatchPolicy),
    head: state.head,
  };
};
