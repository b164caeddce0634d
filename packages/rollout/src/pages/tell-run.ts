import { downtimeOf } from '../record/downtime.ts';
import { allOf, lastOf, type RecordedEvent } from '../record/events.ts';
import type { RunState } from '../record/run-state.ts';
import { runWords } from '../record/run-words.ts';
import { formatDuration } from '../words/format.ts';
import { downMs } from './down-ms.ts';
import { asSentence, counted, firstLine, gateInWords } from './in-words.ts';
import { setAsideInWords, setAsideOf } from './set-aside.ts';

/** What happened in a run, in words that whoever pays for it reads. */
export interface Story {
  readonly tone: 'good' | 'bad' | 'warn' | 'off';
  /** One or two words: `Rolled back`. */
  readonly word: string;
  /** `1.2 was rolled back to 1.1 after 2 min 10 s`. */
  readonly what: string;
  readonly why: string | null;
  /** Sentences: how long the service was down, what was set aside. */
  readonly cost: readonly string[];
  /** What serves now, as far as the record tells. */
  readonly now: string;
}

interface Told {
  readonly tone: Story['tone'];
  readonly word: string;
  readonly what: string;
  readonly why?: string | null;
  readonly now: string;
}

/** The gates that broke, in words; `null`: none did. */
const brokenWords = (events: readonly RecordedEvent[]): string | null => {
  const ended = lastOf(events, 'watch.ended');
  const [first, ...more] = ended?.broken?.map(({ sentence }) => sentence) ?? ended?.reasons ?? [];
  if (first === undefined) return null;
  const others = more.length === 0 ? '' : ` (and ${counted(more.length, 'more gate')})`;
  return `${gateInWords(first)}${others}`;
};

/** From the start of the release to when its end began, ms; `null`: it was not started, or nothing ended it. */
const liveMs = (events: readonly RecordedEvent[]): number | null => {
  const started = allOf(events, 'step.done').findLast(
    ({ step, scope }) => step === 'start' && scope === undefined,
  );
  const ended = events.find(
    ({ type, seq }) =>
      seq > (started?.seq ?? 0) && (type === 'rollback.started' || type === 'abort.started'),
  );
  return started === undefined || ended === undefined
    ? null
    : Date.parse(ended.at) - Date.parse(started.at);
};

const after = (ms: number | null): string => (ms === null ? '' : ` after ${formatDuration(ms)}`);

const failedStep = (events: readonly RecordedEvent[]): string | null => {
  const failed = lastOf(events, 'step.failed');
  return failed === undefined ? null : `${failed.step} failed: ${firstLine(failed.error)}`;
};

const named = (version: string | null): string => version ?? 'no release';

const watchWords = (events: readonly RecordedEvent[]): string => {
  const started = lastOf(events, 'watch.started');
  const ended = lastOf(events, 'watch.ended');
  return started === undefined || ended === undefined
    ? ''
    : ` after a watch of ${formatDuration(Date.parse(ended.at) - started.startedAt)}`;
};

const rolledBack = (state: RunState, events: readonly RecordedEvent[]): Told => {
  const started = lastOf(events, 'rollback.started');
  const { from, to } = state.rolledBack ?? { from: state.version, to: state.previous };
  const what =
    from === to
      ? `The data of ${named(to)} was put back to its backup`
      : `${named(from)} was rolled back to ${named(to)}${after(liveMs(events))}`;
  const why =
    started?.trigger === 'person'
      ? `${started.user} asked for it: ${firstLine(started.reason)}`
      : (brokenWords(events) ?? (started === undefined ? null : firstLine(started.reason)));
  return { tone: 'bad', word: 'Rolled back', what, why, now: `${named(to)} serves` };
};

const promoted = (state: RunState, events: readonly RecordedEvent[]): Told => {
  const closed = lastOf(events, 'run.closed');
  const over = state.previous === null ? 'the first release' : `in place of ${state.previous}`;
  return {
    tone: 'good',
    word: 'Promoted',
    what: `${named(state.version)} was promoted, ${over}${watchWords(events)}`,
    why: closed?.reason ?? 'every gate held to the end',
    now: `${named(state.version)} serves`,
  };
};

const undone = (state: RunState, events: readonly RecordedEvent[]): Told => {
  if (state.kind === 'migrate')
    return {
      tone: 'bad',
      word: 'Failed',
      what: 'The migrations failed and were taken back',
      why: failedStep(events),
      now: 'the data is as before',
    };
  if (state.kind === 'rollback')
    return {
      tone: 'bad',
      word: 'Failed',
      what: 'The rollback failed before it changed anything',
      why: failedStep(events),
      now: 'what served before serves',
    };
  return {
    tone: 'bad',
    word: 'Failed',
    what: `${named(state.version)} failed before its watch and was taken back`,
    why: failedStep(events),
    now: state.previous === null ? 'no release serves, as before' : `${state.previous} serves`,
  };
};

/** A run that is closed. */
const closedRun = (state: RunState, events: readonly RecordedEvent[]): Told | null => {
  const closed = lastOf(events, 'run.closed');
  switch (state.status) {
    case 'promoted':
      return promoted(state, events);
    case 'rolled back':
      return rolledBack(state, events);
    case 'failed and undone':
      return undone(state, events);
    case 'aborted': {
      const abort = lastOf(events, 'abort.started');
      return {
        tone: 'warn',
        word: 'Aborted',
        what: `The ${runWords[state.kind]} of ${named(state.version)} was undone on request${abort === undefined ? '' : ` of ${abort.user}`}`,
        why: closed?.reason ?? null,
        now: state.previous === null ? 'it is as before' : `${state.previous} serves`,
      };
    }
    case 'superseded':
      return {
        tone: 'off',
        word: 'Superseded',
        what: `Another deploy went over ${named(state.version)}`,
        why: closed?.reason ?? null,
        now: 'a later run says what serves',
      };
    case 'done':
      return done(state, events);
    default:
      return null;
  }
};

const done = (state: RunState, events: readonly RecordedEvent[]): Told => {
  const asked = lastOf(events, 'service.stopped', 'service.started', 'freeze.set');
  const planned = lastOf(events, 'migrate.planned');
  const broken = brokenWords(events);
  if (state.kind === 'migrate')
    return {
      tone: 'good',
      word: 'Migrated',
      what: `${counted(planned?.migrations.length ?? 0, 'migration')} ${planned?.direction === 'rollback' ? 'taken back' : 'applied'}`,
      why: planned === undefined ? null : planned.migrations.join(', '),
      now: `the data is at ${planned?.version ?? 'the new state'}`,
    };
  if (state.kind === 'watch')
    return {
      tone: broken === null ? 'good' : 'bad',
      word: 'Watched',
      what: `A watch that belonged to no deploy ended${watchWords(events)}`,
      why: broken,
      now: 'nothing was acted on',
    };
  return {
    tone: 'off',
    word: 'Done',
    what: asSentence(runWords[state.kind]).replace(/\.$/, ''),
    why: asked === undefined ? null : `${asked.user}: ${firstLine(asked.reason)}`,
    now: 'see status',
  };
};

const needsPeople = (state: RunState, events: readonly RecordedEvent[]): Told => {
  const end = lastOf(events, 'rollback.not-validated', 'rollback.failed', 'run.stuck');
  const base = {
    tone: 'bad',
    word: 'People are needed',
    now: firstLine(state.reasons.join('; ')),
  } as const;
  switch (end?.type) {
    case 'rollback.not-validated':
      return {
        ...base,
        what: `The rollback of ${named(state.version ?? state.rolledBack?.from ?? null)} did not validate`,
        why: `${end.step} failed: ${firstLine(end.error)}`,
      };
    case 'rollback.failed':
      return {
        ...base,
        what: `${named(state.version)} broke a gate and could NOT be rolled back`,
        why: [brokenWords(events), firstLine(end.error)].filter((text) => text !== null).join('; '),
      };
    default:
      return { ...base, what: 'What was begun could not be undone', why: end?.problem ?? null };
  }
};

/** A run that is open: what it waits for. */
const openRun = (state: RunState, events: readonly RecordedEvent[]): Told => {
  const version = named(state.version);
  const serves = `${version} serves`;
  switch (state.status) {
    case 'alerted':
    case 'frozen':
      return {
        tone: 'bad',
        word: 'Not rolled back',
        what: `${version} broke a gate and was NOT rolled back`,
        why: [brokenWords(events), lastOf(events, 'rollback.withheld')?.why]
          .filter((text) => text !== null && text !== undefined)
          .join('; '),
        now: `${version} still serves, and a person must decide`,
      };
    case 'needs people':
      return needsPeople(state, events);
    case 'inconclusive':
      return {
        tone: 'warn',
        word: 'Inconclusive',
        what: `${version} was not promoted: there was not enough to judge it by`,
        why: firstLine(state.reasons.join('; ')) || null,
        now: serves,
      };
    case 'awaiting guard':
      return {
        tone: 'warn',
        word: 'Live',
        what: `${version} is live`,
        why: 'nobody watches it yet',
        now: serves,
      };
    case 'watching':
      return lastOf(events, 'watch.ended')?.decision === 'promote'
        ? {
            tone: 'good',
            word: 'Held',
            what: `${version} held every gate${watchWords(events)}`,
            now: serves,
          }
        : {
            tone: 'off',
            word: 'Watching',
            what: `${version} is live and being watched`,
            now: serves,
          };
    case 'interrupted':
      return {
        tone: 'warn',
        word: 'Interrupted',
        what: `The ${runWords[state.kind]} of ${version} was interrupted`,
        why: firstLine(state.reasons.join('; ')) || null,
        now: state.watch === null ? 'see status' : serves,
      };
    case 'rolling back':
      return {
        tone: 'bad',
        word: 'Rolling back',
        what: `${named(state.rolledBack?.from ?? state.version)} is being rolled back to ${named(state.rolledBack?.to ?? state.previous)}`,
        why:
          brokenWords(events) ??
          firstLine(lastOf(events, 'rollback.started')?.reason ?? '') ??
          null,
        now: 'the rollback is not at its end',
      };
    default:
      return {
        tone: 'off',
        word: state.undoing ? 'Being undone' : 'In progress',
        what: `The ${runWords[state.kind]}${state.version === null ? '' : ` of ${state.version}`} ${state.undoing ? 'is being undone' : 'is under way'}${state.at === null ? '' : `, at ${state.at}`}`,
        why: state.undoing ? failedStep(events) : null,
        now: 'see status',
      };
  }
};

const costOf = (events: readonly RecordedEvent[]): string[] => {
  const spans = downtimeOf(events).spans;
  const ms = downMs(spans);
  const aside = setAsideOf(events);
  const words = aside === null ? null : setAsideInWords(aside);
  return [
    ...(spans.length === 0
      ? []
      : [
          ms === null
            ? 'Service down, and not seen to be well since'
            : `Service down ${formatDuration(ms)}`,
        ]),
    ...(words === null ? [] : [words.charAt(0).toUpperCase() + words.slice(1)]),
  ];
};

/** Folds a run's record into its story. Pure. */
export const tellRun = (state: RunState, events: readonly RecordedEvent[]): Story => {
  const { why = null, ...told } = closedRun(state, events) ?? openRun(state, events);
  return { ...told, why: why === '' ? null : why, cost: costOf(events) };
};

/** `1.2 was rolled back to 1.1 after 2 min 10 s: uploads failed 25 %. Service down 6.1 s. 426 rows were set aside.` */
export const firstSentence = ({ what, why, cost }: Story): string =>
  [`${what}${why === null ? '' : `: ${why}`}`, ...cost].map(asSentence).join(' ');
