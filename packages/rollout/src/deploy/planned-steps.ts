import type { DeployStep } from '../record/events.ts';
import type { DeployFacts, DeployOptions } from './plan.ts';

/** The steps of a deploy, in their order. Pure. `first`: nothing runs yet and there is no data. */
export const stepsOf = (
  facts: DeployFacts,
  options: DeployOptions,
  first: boolean,
): DeployStep[] => {
  const backed =
    facts.data.length + facts.databases.length > 0 &&
    (options.backupFirst || facts.rollbackData !== 'keep');
  const migrating = facts.migrations !== null && (first || facts.migrations.pending.length > 0);
  if (first) {
    return [
      'init',
      'lay',
      ...(migrating ? (['migrate'] as const) : []),
      'activate',
      'start',
      'health',
      ...(facts.hasSmoke ? (['smoke'] as const) : []),
      ...(backed ? (['backup-after'] as const) : []),
    ];
  }
  const drilled = backed && facts.drill !== null;
  const offline = migrating && facts.migrations?.online !== true;
  return [
    ...(backed ? (['backup'] as const) : []),
    ...(drilled ? (['drill'] as const) : []),
    'lay',
    ...(facts.current === null ? [] : (['stop'] as const)),
    // Nothing writes any more: this one is the way back, whatever was written since the first.
    ...(backed && facts.current !== null ? (['backup-stopped'] as const) : []),
    ...(migrating ? (['migrate'] as const) : []),
    'activate',
    'start',
    'health',
    ...(facts.hasSmoke ? (['smoke'] as const) : []),
    // Not while the service is down: that would be as long as a drill takes.
    ...(drilled && offline ? (['drill-stopped'] as const) : []),
  ];
};
