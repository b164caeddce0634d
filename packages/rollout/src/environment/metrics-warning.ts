import type { WatchPolicy } from '@dhash/quality-gates';

/** Says that gates read metrics which nobody brings; nothing where they have a source, or need none. */
export const metricsWarning = (policy: WatchPolicy, hasMetrics: boolean): string[] => {
  if (hasMetrics) return [];
  const starved = Object.entries(policy.gates)
    .filter(([, { kind }]) => kind !== 'consecutive' && kind !== 'share')
    .map(([name]) => name);
  return starved.length === 0
    ? []
    : [
        `${starved.join(', ')} read metrics, but rollout.yaml names no metrics source for ${policy.environment}: they will have no data`,
      ];
};
