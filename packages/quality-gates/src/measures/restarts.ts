import type { RestartsGate } from '../policy.ts';
import { createRows } from '../windows/rows.ts';
import type { Measure, MeasureContext } from './measure.ts';

/** Changes of process within the window. One is counted once the reading after it confirms it. */
export const openRestarts = (
  gate: RestartsGate,
  { limit, windowMs, processes }: MeasureContext,
): Measure => {
  /** A column: restarts since the start. */
  const counts = createRows();
  let newest = 0;
  const within = () => (counts.size === 0 ? 0 : newest - counts.valueOf(0, 0));
  return {
    take: (at) => {
      if (processes.told === 0) return false;
      const before = newest;
      newest = processes.restarts;
      // What was there at the first reading of the window is no change within it.
      counts.push(at, [before]);
      return true;
    },
    look: (at) => {
      while (counts.hasUntil(at - windowMs)) counts.shift();
      const value = within();
      return {
        value: counts.size === 0 ? null : value,
        readings: counts.size,
        events: null,
        lack: counts.size < gate.minSamples ? 'samples' : null,
        beyond: gate.below ? value < limit : value > limit,
      };
    },
    suspicious: () => within() > 0,
    why: () => (processes.told === 0 ? 'no start time is told: process_start_time_seconds' : null),
  };
};
