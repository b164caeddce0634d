import { asTest, type Message, type TemplateError } from '@dhash/notifier';
import type { Environment } from '../environment/environment.ts';
import type { EventStanding } from '../environment/event-standing.ts';
import { eventMessage } from './messages.ts';

/** What people hear of a release that breaks and is put back, in order, and of one that is not put back. */
export const eventsOfABreak = [
  ...(['deploy-started', 'deploy-done', 'gate-break', 'rollback-started'] as const),
  ...(['rollback-done', 'rollback-failed'] as const),
] as const;

/** Values as an event has them: what tells of a fault stands only where there was one. */
const valuesOf = (event: string): Record<string, string> => {
  const always = {
    version: '1.2',
    previous: '1.1',
    report: 'monitor_logs/RUN/report.html',
    backup: 'backups/dhash_20261124T020000Z_production.zip',
  };
  if (event.startsWith('t-plus-')) return { ...always, decision: 'continue' };
  if (event === 'deploy-failed')
    return { ...always, step: 'health', reason: 'health: GET /health answered 503 for 30 s' };
  if (event === 'inconclusive')
    return { ...always, decision: 'inconclusive', reason: 'too few samples of p95HashTime' };
  if (!/^(gate-break|rollback-)/.test(event)) return always;
  return {
    ...always,
    gate: 'p95HashTime',
    sentence: 'p95HashTime broke: q0.95 2310 ms over 15 min, over the limit of 2000 ms',
    decision: 'rollback',
    reason: 'p95HashTime broke',
    incident: 'incidents/RUN',
  };
};

const standingOf = (event: string, env: string): EventStanding => ({
  next: 'rollback',
  serving: event === 'rollback-failed' ? null : event === 'rollback-done' ? '1.1' : '1.2',
  downtimeMs: event === 'rollback-done' ? 6100 : null,
  rowsSetAside: event === 'rollback-done' ? 426 : null,
  commands: {
    look: `npx dhash-rollout status --env ${env}`,
    goOn: `npx dhash-rollout rollback --env ${env} --resume`,
    rollBack: `npx dhash-rollout rollback --env ${env} --backup backups/dhash_20261124T020000Z_production.zip`,
  },
});

interface SampleGiven {
  readonly nowMs: number;
  readonly operator: string;
  /** As for a real event: told, and the message is plain. Left out: thrown. */
  readonly onBadTemplate?: (error: TemplateError) => void;
}

/** The message of an event, with made-up values. */
export const sampleMessage = (
  environment: Environment,
  event: string,
  given: SampleGiven,
): Promise<Message> =>
  eventMessage(environment, event, {
    ...given,
    run: { id: 'preview', head: '' },
    variables: valuesOf(event),
    standing: standingOf(event, environment.config.env),
  });

/** The same, to be sent: marked as a test. */
export const sampleTest = async (
  environment: Environment,
  event: string,
  given: SampleGiven,
): Promise<Message> =>
  asTest(await sampleMessage(environment, event, given), `test-${event}-${given.nowMs}`);
