import { replay, type Sample, type WatchPolicy } from '../../src/index.ts';
import { policyOf } from './policies.ts';

/** One gate, called `gate`, over ten minutes, a poll every 30 s. */
export const only = (
  gate: Record<string, unknown>,
  environment: Record<string, unknown> = {},
): WatchPolicy =>
  policyOf({ gate }, { duration: 10, pollCadence: { initial: 30, normal: 30 }, ...environment });

/** Polls every 30 s with these metrics, all healthy. */
export const polls = (metrics: readonly Record<string, unknown>[]): Sample[] =>
  metrics.map((each, i) => ({ at: i * 30_000, health: { ok: true }, metrics: each }));

/** The same with one gauge, `x`. */
export const x = (...values: readonly unknown[]): Sample[] =>
  polls(values.map((value) => ({ x: value })));

export const verdicts = (policy: WatchPolicy, samples: readonly Sample[], start = {}) =>
  replay(policy, samples, start).history.map(({ gates }) => gates['gate']?.verdict);

/** The second of the rollback; `null` where there was none. */
export const breakAt = (
  policy: WatchPolicy,
  samples: readonly Sample[],
  start = {},
): number | null => {
  const { decision, at } = replay(policy, samples, start);
  return decision === 'rollback' ? at / 1000 : null;
};

export const level = { kind: 'level', gauge: 'x', threshold: 10 };
