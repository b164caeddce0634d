import type { EventStanding } from '../environment/event-standing.ts';
import { allOf, lastOf, type RecordedEvent } from '../record/events.ts';
import { foldRun } from '../record/run-state.ts';
import {
  describeWritten,
  isAnyWritten,
  rowsWritten,
  writtenIn,
} from '../words/describe-written.ts';

/** A message that an event of a run gives rise to. */
export interface RunMessage {
  readonly event: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Left out: nothing is said of who must act. */
  readonly standing?: EventStanding;
}

/** How files and commands are named to people. */
export interface Shown {
  /** A command as it is typed, with what follows `dhash-rollout`, environment and configuration among it. */
  typed(command: string, flags?: string): string;
  path(file: string): string;
  readonly report: string;
  readonly incident: string;
  /** What shows the data that this run set aside. */
  readonly salvage: string;
}

const textsIn = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

const fieldsOf = (data: unknown): Record<string, unknown> =>
  typeof data === 'object' && data !== null && !Array.isArray(data)
    ? (data as Record<string, unknown>)
    : {};

/** What people may hear of a step that is done: its backup, that one shrank, its migrations. */
const ofStep = ({ step, data, scope }: RecordedEvent<'step.done'>): readonly RunMessage[] => {
  if (scope !== undefined) return [];
  if (step === 'migrate') return [{ event: 'migrate-done', variables: { step } }];
  if (!step.startsWith('backup')) return [];
  const { file, entries, shrunken } = fieldsOf(data);
  const fell = textsIn(shrunken);
  return [
    {
      event: 'backup-done',
      variables: { step, backup: String(file ?? ''), files: String(entries ?? '') },
    },
    ...(fell.length === 0
      ? []
      : [
          {
            event: 'backup-shrank',
            variables: {
              step,
              summary: `the backup of this deploy shrank: ${fell.join('; ')}. It is kept, and no older one is removed until somebody accepts it`,
            },
          },
        ]),
  ];
};

/** What the newest rollback on the record is about. */
const rollbackFacts = (
  events: readonly RecordedEvent[],
  shown: Shown,
): Readonly<Record<string, string>> => {
  const started = lastOf(events, 'rollback.started');
  if (started === undefined) return { incident: shown.incident };
  return {
    version: started.from ?? '',
    previous: started.to ?? '',
    reason: started.reason,
    backup: started.backup === null ? '' : shown.path(started.backup),
    incident: shown.incident,
  };
};

const rollbackDone = (events: readonly RecordedEvent[], shown: Shown): RunMessage => {
  const done = (name: string) =>
    fieldsOf(
      allOf(events, 'step.done').findLast(({ step, scope }) => scope !== undefined && step === name)
        ?.data,
    );
  const { file } = done('safety');
  const written = writtenIn(done('incident')['written']);
  return {
    event: 'rollback-done',
    variables: {
      ...rollbackFacts(events, shown),
      safety: typeof file === 'string' ? shown.path(file) : '',
      summary:
        written === null
          ? ''
          : `${describeWritten(written)}${typeof file === 'string' && isAnyWritten(written) ? ` (look into it, and put it back: ${shown.salvage})` : ''}`,
    },
    standing: {
      serving: lastOf(events, 'rollback.started')?.to ?? null,
      rowsSetAside: written === null ? null : rowsWritten(written),
    },
  };
};

/** The end of a watch: what it saw. What follows from it is told by the events that come after. */
const ofWatchEnd = (
  { decision, reasons, broken = [], next = 'nothing' }: RecordedEvent<'watch.ended'>,
  release: Readonly<Record<string, string>>,
  shown: Shown,
  standing: EventStanding,
): readonly RunMessage[] => {
  const variables = { ...release, decision, reason: reasons.join('; '), report: shown.report };
  if (decision === 'promote') return [{ event: 'success', variables, standing }];
  if (decision === 'advise') return [{ event: 'gate-advice', variables }];
  if (decision === 'inconclusive') return [{ event: 'inconclusive', variables, standing }];
  if (broken.length === 0) return [];
  return [
    {
      event: 'gate-break',
      variables: {
        ...variables,
        gate: broken.map(({ gate }) => gate).join(', '),
        sentence: broken.map(({ sentence }) => sentence).join('; '),
      },
      standing: { ...standing, next },
    },
  ];
};

/**
 * What people hear of an event of a run. Pure.
 *
 * @param events the run's record up to and with the event
 */
export const messagesOf = (
  event: RecordedEvent,
  events: readonly RecordedEvent[],
  shown: Shown,
): readonly RunMessage[] => {
  const planned = lastOf(events, 'deploy.planned');
  const opened = lastOf(events, 'run.opened');
  const release = {
    version: planned?.version ?? opened?.version ?? '',
    previous: planned?.previous ?? '',
  };
  const isDeploy = planned !== undefined;
  const failed = allOf(events, 'step.failed').findLast(({ scope }) => scope === undefined);
  const failure = { ...release, reason: failed?.error ?? '', step: failed?.step ?? '' };
  const back = () => rollbackFacts(events, shown);
  const backup = opened === undefined ? null : (foldRun('', events)?.backup ?? null);
  const commands = {
    look: shown.typed('status'),
    rollBack: backup === null ? null : shown.typed('rollback', `--backup ${backup}`),
  };
  const serving = release.version === '' ? null : release.version;
  const live: EventStanding = { serving, commands };
  const isUndo = lastOf(events, 'rollback.started')?.trigger === 'undo';
  switch (event.type) {
    case 'deploy.planned':
    case 'deploy.resumed':
      return [
        {
          event: 'deploy-started',
          variables: release,
          standing: { serving: planned?.previous ?? null },
        },
      ];
    case 'step.done':
      return ofStep(event).map((said) => ({
        ...said,
        variables: { ...release, ...said.variables },
        standing: { commands: { look: shown.typed('backup', '--list') } },
      }));
    case 'undo.verified':
      return isDeploy && failed !== undefined
        ? [{ event: 'deploy-failed', variables: failure, standing: undone(event.active) }]
        : [];
    case 'run.stuck':
      return [
        {
          event: isDeploy ? 'deploy-failed' : 'people-needed',
          variables: {
            ...failure,
            reason: `${event.problem}; people are needed now`,
            summary: event.problem,
          },
          standing: { commands: { ...commands, goOn: shown.typed('deploy', '--abort') } },
        },
      ];
    case 'deploy.awaiting-guard':
      return [{ event: 'deploy-done', variables: release, standing: { serving } }];
    case 'watch.ended':
      return ofWatchEnd(event, release, shown, live);
    case 'watch.lost':
      return [
        {
          event: 'guard-lost',
          variables: { ...release, reason: event.error, summary: guardLost },
          standing: {
            ...live,
            commands: { ...commands, goOn: shown.typed('monitor', '--resume') },
          },
        },
      ];
    case 'guard.missed':
      return [
        {
          event: 'guard-lost',
          // The second such message of a run is another one.
          variables: { ...release, reason: event.finding, summary: guardLost, step: event.at },
          standing: {
            ...live,
            commands: { ...commands, goOn: shown.typed('monitor', '--resume') },
          },
        },
      ];
    case 'watch.impaired':
      return [{ event: 'guard-impaired', variables: { ...release, reason: event.error } }];
    case 'way-back.looked':
      return event.obstacles.length === 0
        ? []
        : [
            {
              event: 'way-back-gone',
              variables: { ...release, reason: event.obstacles.join('; '), step: event.at },
              standing: live,
            },
          ];
    case 'gate.blind':
      return [
        {
          event: 'gate-blind',
          variables: { ...release, gate: event.gate, sentence: event.sentence },
        },
      ];
    case 'rollback.withheld':
      return [
        {
          event: 'rollback-withheld',
          variables: { ...release, reason: event.why, report: shown.report, summary: youMust },
          standing: live,
        },
      ];
    case 'rollback.started':
      return isUndo
        ? []
        : [{ event: 'rollback-started', variables: back(), standing: { serving: event.from } }];
    case 'rollback.validated':
      return isUndo
        ? [
            {
              event: 'deploy-failed',
              variables: { ...failure, summary: 'its data is back' },
              standing: undone(event.to),
            },
          ]
        : [rollbackDone(events, shown)];
    case 'rollback.put-back':
      // A gate's rollback that was put back says more in `rollback.failed`, which follows.
      return lastOf(events, 'rollback.started')?.trigger === 'gate'
        ? []
        : [
            {
              event: 'rollback-failed',
              variables: { ...back(), step: event.step, reason: event.error },
              standing: { serving: back()['version'] ?? null, commands },
            },
          ];
    case 'rollback.not-validated':
      return [
        {
          event: 'rollback-failed',
          variables: { ...back(), step: event.step, state: event.state },
          standing: { commands: { ...commands, goOn: shown.typed('rollback', '--resume') } },
        },
      ];
    case 'rollback.failed':
      return [
        {
          event: 'rollback-failed',
          variables: { ...release, ...back(), reason: event.error, state: event.state },
          standing: live,
        },
      ];
    case 'service.left-down':
      return [
        {
          event: 'production-down',
          variables: {
            ...release,
            reason: event.why,
            summary: `nothing serves now; type: ${event.command}`,
          },
          standing: { commands: { ...commands, goOn: event.command } },
        },
      ];
    default:
      return [];
  }
};

/** How things stand after a deploy that was undone as a whole. */
const undone = (serving: string | null): EventStanding =>
  serving === null
    ? {
        acts: {
          who: 'tool has acted',
          what: 'It undid the deploy: no release is active, as before. Nothing is to be done now.',
        },
      }
    : { serving };

const guardLost = 'nobody watches this release any more; status says what to type';
const youMust =
  'nothing is rolled back by itself: the release that broke its gate serves on until you act; status says what to type';
