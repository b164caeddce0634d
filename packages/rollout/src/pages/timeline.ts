import type { EventType, RecordedEvent } from '../record/events.ts';
import { formatBytes, formatDuration } from '../words/format.ts';
import { firstLine } from './in-words.ts';

/** A step, a watch, or something that happened, in the order in which it began. */
export interface TimelineRow {
  readonly kind: 'step' | 'watch' | 'note';
  readonly name: string;
  /** Which part of the run it belongs to. */
  readonly part: 'deploy' | 'rollback' | 'watch' | 'run';
  readonly atMs: number;
  /** `null`: it takes no time, or did not end. */
  readonly ms: number | null;
  readonly result: 'done' | 'failed' | 'undone' | 'cut off' | 'happened';
  readonly says: string;
}

type Notes = { readonly [K in EventType]?: (event: RecordedEvent<K>) => string };

const by = (user: string | undefined): string => (user === undefined ? '' : ` by ${user}`);

/** What is told of an event that is no step and no part of a watch. */
const notes: Notes = {
  'deploy.resumed': ({ user }) => `resumed${by(user)}`,
  'migrate.resumed': ({ user }) => `resumed${by(user)}`,
  'rollback.resumed': ({ user }) => `the rollback goes on, resumed${by(user)}`,
  'abort.started': ({ user }) => `abort asked for${by(user)}`,
  'deploy.awaiting-guard': ({ version }) => `${version} is live and waits for its watch`,
  'verdict.changed': ({ sentence }) => sentence,
  'gate.blind': ({ sentence }) => sentence,
  'certificate.ended': ({ reason }) => reason,
  'clock.stepped': ({ ms }) => `the machine's clock was set by ${formatDuration(Math.abs(ms))}`,
  'watch.extended': ({ byMs, user, reason }) =>
    `the watch goes on for ${formatDuration(byMs)} more${by(user)}: ${reason}`,
  'watch.impaired': ({ error }) => `samples could not be written: ${error}`,
  'guard.missed': ({ finding }) => finding,
  'rollback.started': ({ from, to, trigger, user }) =>
    `rollback from ${from ?? 'no release'} to ${to ?? 'no release'} began, ${trigger === 'gate' ? 'by a broken gate' : trigger === 'undo' ? 'to undo what failed' : `asked for${by(user)}`}`,
  'rollback.withheld': ({ why }) => `nothing was rolled back: ${why}`,
  'rollback.validated': ({ to }) =>
    `${to ?? 'the release before'} runs again and was seen to be well`,
  'rollback.put-back': ({ step, error }) =>
    `the rollback failed at ${step} before it changed anything: ${error}`,
  'rollback.not-validated': ({ step, error }) =>
    `the rollback did not validate at ${step}: ${error}`,
  'rollback.failed': ({ error }) => `the rollback could not begin: ${error}`,
  'run.stuck': ({ problem }) => problem,
  'data.set-aside': ({ file }) => `what was live was set aside: ${file}`,
  'put-aside.kept': ({ file }) => `what an earlier rollback put aside was kept: ${file}`,
  'service.stopped': ({ user, reason }) => `the service was stopped by ${user}: ${reason}`,
  'service.started': ({ user, reason }) => `the service was started by ${user}: ${reason}`,
  'service.left-down': ({ why }) => `the service was left down: ${why}`,
  'freeze.set': ({ until, user, reason }) => `frozen until ${until} by ${user}: ${reason}`,
  'lock.taken-over': ({ from, by: taker }) => `${taker} took the lock over from ${from}`,
  'request.taken': ({ kind, user, reason }) => `${kind} asked for by ${user}: ${reason}`,
  'request.ignored': ({ kind, user, why }) => `${kind} of ${user} was not followed: ${why}`,
};

const told = (event: RecordedEvent): string | null => {
  // Which entry fits which event is what the type of the list says; a lookup by tag loses it.
  const note = notes[event.type] as ((event: RecordedEvent) => string) | undefined;
  if (note === undefined) return null;
  if (event.type === 'verdict.changed' && event.to !== 'break') return null;
  return firstLine(note(event));
};

const fieldsOf = (data: unknown): Readonly<Record<string, unknown>> =>
  typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : {};

/** The one fact of a step that a reader wants. */
const stepSays = (step: string, data: unknown): string => {
  const { file, bytes, entries, checks, started, files, tables } = fieldsOf(data);
  if (step === 'migrate' && Array.isArray(data))
    return data
      .map(
        (one) =>
          `${fieldsOf(one)['direction'] === 'rollback' ? '−' : '+'} ${String(fieldsOf(one)['name'])}`,
      )
      .join(', ');
  if (step.startsWith('drill'))
    return typeof started === 'string'
      ? `restored, ${started} started and tested on it`
      : 'restored';
  if (step === 'health' && typeof checks === 'number') return `${checks} checks`;
  if (step === 'prove' && typeof files === 'number')
    return `${files} files and ${rowsIn(tables)} rows are those of the backup`;
  if (typeof file === 'string' && typeof bytes === 'number')
    return `${formatBytes(bytes)}${typeof entries === 'number' ? `, ${entries} files` : ''}`;
  return '';
};

/** Rows of all tables of a proof. */
export const rowsIn = (tables: unknown): number =>
  Object.values(fieldsOf(tables))
    .flatMap((counts) => Object.values(fieldsOf(counts)))
    .reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);

type Open = { -readonly [K in keyof TimelineRow]: TimelineRow[K] } & { isOpen: boolean };

/** Every step with its duration, the watch, and what happened besides. Pure. */
export const timelineOf = (events: readonly RecordedEvent[]): readonly TimelineRow[] => {
  const rows: Open[] = [];
  const add = (row: Partial<Open> & Pick<Open, 'kind' | 'name' | 'part' | 'atMs'>) =>
    rows.push({ ms: null, result: 'happened', says: '', isOpen: false, ...row });
  const close = (
    match: (row: Open) => boolean,
    end: Partial<Open> & { readonly atMs?: never },
    atMs: number,
  ) => {
    const row = rows.findLast((each) => each.isOpen && match(each));
    if (row !== undefined) Object.assign(row, { ms: atMs - row.atMs, ...end, isOpen: false });
  };
  for (const event of events) {
    const atMs = Date.parse(event.at);
    const note = told(event);
    switch (event.type) {
      case 'step.started': {
        const part = event.scope === 'rollback' ? 'rollback' : 'deploy';
        add({ kind: 'step', name: event.step, part, atMs, result: 'cut off', isOpen: true });
        break;
      }
      case 'step.done':
      case 'step.failed': {
        const part = event.scope === 'rollback' ? 'rollback' : 'deploy';
        const end =
          event.type === 'step.done'
            ? ({ ms: event.ms, result: 'done', says: stepSays(event.step, event.data) } as const)
            : ({ result: 'failed', says: firstLine(event.error) } as const);
        close(
          (row) => row.kind === 'step' && row.name === event.step && row.part === part,
          end,
          atMs,
        );
        break;
      }
      case 'step.undone': {
        const part = event.scope === 'rollback' ? 'rollback' : 'deploy';
        if (changes(event.step))
          add({ kind: 'step', name: event.step, part, atMs, result: 'undone', says: 'taken back' });
        break;
      }
      case 'watch.started':
      case 'watch.resumed':
        add({ kind: 'watch', name: 'watch', part: 'watch', atMs, result: 'cut off', isOpen: true });
        break;
      case 'watch.ended':
        close((row) => row.kind === 'watch', { result: 'done', says: event.decision }, atMs);
        break;
      case 'watch.lost':
        close((row) => row.kind === 'watch', { result: 'failed', says: event.error }, atMs);
        break;
      default:
        if (note !== null)
          add({
            kind: 'note',
            name: event.type === 'verdict.changed' ? 'gate broke' : '',
            part: event.type.startsWith('rollback') ? 'rollback' : 'run',
            atMs,
            says: note,
          });
    }
  }
  return rows.map(({ isOpen: _, ...row }) => row);
};

/** Whether to take a step back changes anything: a look is not undone. */
const changes = (step: string): boolean => !/^(?:health|smoke|verify|drill|backup)/.test(step);
