import type { Severity } from '../message.ts';

/** What a template of an event may use. `?` in a template marks a variable that may be missing. */
export interface EventRule {
  /** Used where the template names none. */
  readonly severity: Severity;
  /** Given always: may stand as `{{name}}`. */
  readonly always: readonly string[];
  /** Given sometimes: must stand as `{{name?}}`. */
  readonly sometimes: readonly string[];
}

const everywhere = ['service', 'env'];
const usual = [
  'backup',
  'decision',
  'duration',
  'files',
  'gate',
  'head',
  'incident',
  'message',
  'operator',
  'previous',
  'reason',
  'report',
  'rows',
  'run',
  'safety',
  'sentence',
  'state',
  'step',
  'summary',
  'url',
  'version',
];

const rule = (severity: Severity, always: readonly string[] = []): EventRule => ({
  severity,
  always: [...everywhere, ...always],
  sometimes: usual.filter((name) => !always.includes(name)),
});

/** Every event of a rollout, with what its template may use. */
export const events: Readonly<Record<string, EventRule>> = {
  't-minus-30': rule('info'),
  't-minus-5': rule('info'),
  't-zero': rule('info'),
  't-plus-5': rule('info'),
  't-plus-15': rule('info'),
  't-plus-30': rule('info'),
  't-plus-60': rule('info'),
  success: rule('info'),
  'gate-break': rule('critical', ['gate']),
  'gate-blind': rule('warning', ['gate']),
  'gate-advice': rule('warning'),
  'guard-impaired': rule('warning'),
  'guard-lost': rule('critical'),
  'way-back-gone': rule('critical'),
  'production-down': rule('critical'),
  'people-needed': rule('critical'),
  'rollback-withheld': rule('critical'),
  'rollback-started': rule('critical'),
  'rollback-done': rule('warning'),
  'rollback-failed': rule('critical'),
  inconclusive: rule('warning'),
  'deploy-started': rule('info'),
  'deploy-done': rule('info'),
  'deploy-failed': rule('critical'),
  'backup-done': rule('info'),
  'backup-shrank': rule('warning'),
  'migrate-done': rule('info'),
  test: rule('info'),
};

/** Names of {@link events}, in the order of a rollout. */
export const eventNames: readonly string[] = Object.keys(events);
