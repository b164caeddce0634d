import type { RestartsGate } from '../policy.ts';
import { createRows, type Rows } from '../windows/rows.ts';
import type { Measure, MeasureContext } from './measure.ts';

/** A column: restarts of a target before each reading. */
type Counts = { readonly rows: Rows; newest: number };

/** Changes of process within the window, of the target that had most. One is counted once the reading after it confirms it. */
export const openRestarts = (
  gate: RestartsGate,
  { limit, windowMs, processes }: MeasureContext,
): Measure => {
  const targets = new Map<string, Counts>();
  const readings = createRows();
  const within = (): number => {
    let most = 0;
    for (const { rows, newest } of targets.values())
      if (rows.size > 0) most = Math.max(most, newest - rows.valueOf(0, 0));
    return most;
  };
  return {
    take: (at) => {
      if (processes.told === 0) return false;
      readings.push(at, []);
      for (const name of processes.targets) {
        const counts = targets.get(name) ?? { rows: createRows(), newest: 0 };
        targets.set(name, counts);
        // What was there at the first reading of the window is no change within it.
        counts.rows.push(at, [counts.newest]);
        counts.newest = processes.restartsOf(name);
      }
      return true;
    },
    look: (at) => {
      const until = at - windowMs;
      for (const rows of [readings, ...[...targets.values()].map((each) => each.rows)])
        while (rows.hasUntil(until)) rows.shift();
      const value = within();
      return {
        value: readings.size === 0 ? null : value,
        readings: readings.size,
        events: null,
        lack: readings.size < gate.minSamples ? 'samples' : null,
        beyond: gate.below ? value < limit : value > limit,
      };
    },
    suspicious: () => within() > 0,
    why: () => (processes.told === 0 ? 'no start time is told: process_start_time_seconds' : null),
  };
};
