import { messageOf } from '@dhash/basics/message-of';
import type { CheckReading } from '@dhash/quality-gates';
import type { HealthProbe, HealthReading } from './health-probe.ts';

/**
 * One check of several replicas, each asked by itself: OK where all known ones are, not known where none is known.
 * Each one's own check stands under its target in `replicas`, by which the gates judge it.
 */
export const replicasHealth = (targets: Readonly<Record<string, HealthProbe>>): HealthProbe => ({
  check: async (signal) => {
    const names = Object.keys(targets);
    const settled = await Promise.allSettled(
      Object.values(targets).map((probe) => probe.check(signal)),
    );
    signal.throwIfAborted();
    const readings = settled.map(
      (one): HealthReading =>
        one.status === 'fulfilled' ? one.value : { ok: false, reason: messageOf(one.reason) },
    );
    const processes = Object.assign({}, ...readings.map((reading) => reading.processes ?? {}));
    const reasons = readings.flatMap(({ ok, reason }, index) =>
      ok === true ? [] : [`${names[index]}: ${reason ?? 'not OK'}`],
    );
    const failing = readings.some(({ ok }) => ok === false);
    const ok = failing ? false : readings.some((reading) => reading.ok === true) ? true : null;
    const control = readings.some((reading) => reading.control === 'ok')
      ? 'ok'
      : readings.find((reading) => reading.control !== undefined)?.control;
    return {
      ok,
      ms: Math.max(0, ...readings.map(({ ms }) => ms ?? 0)),
      ...(control === undefined ? {} : { control }),
      ...(ok === true || reasons.length === 0 ? {} : { reason: reasons.join('; ') }),
      ...(readings.some(({ certificate }) => certificate === 'ended')
        ? { certificate: 'ended' as const }
        : {}),
      ...(Object.keys(processes).length === 0 ? {} : { processes }),
      replicas: Object.fromEntries(
        readings.map((reading, index): [string, CheckReading] => {
          const { processes: _, replicas: __, ...check } = reading;
          return [names[index] ?? '', check];
        }),
      ),
    };
  },
});
