import type { ConsecutiveGate, ShareGate } from '../policy.ts';
import { type PolledSample, readCheck } from '../sample.ts';
import { createRows } from '../windows/rows.ts';
import type { Measure, MeasureContext } from './measure.ts';
import { createShareTest, percent } from './share.ts';

const isBeyond = (value: number, limit: number, below: boolean) =>
  below ? value < limit : value > limit;

const reasonOf = (sample: PolledSample): string | null => {
  const reason: unknown = sample.health?.reason;
  return typeof reason === 'string' && reason !== '' ? reason : null;
};

/** Non-OK checks in a row; a check that is not known neither counts nor resets. */
export const openConsecutive = (gate: ConsecutiveGate, { limit }: MeasureContext): Measure => {
  let known = 0;
  let streak = 0;
  let reason: string | null = null;
  return {
    take: (_at, sample) => {
      const ok = readCheck(sample);
      if (ok === null) return false;
      known += 1;
      streak = ok ? 0 : streak + 1;
      reason = ok ? null : reasonOf(sample);
      return true;
    },
    look: () => ({
      value: known === 0 ? null : streak,
      readings: known,
      events: null,
      lack: known === 0 ? 'samples' : null,
      beyond: isBeyond(streak, limit, gate.below),
    }),
    suspicious: () => streak > 0,
    reason: () => reason,
  };
};

/** Non-OK share of the known checks in the window. */
export const openShare = (gate: ShareGate, { limit, windowMs }: MeasureContext): Measure => {
  /** A column: 1 where the check was not OK. */
  const checks = createRows();
  const isOver = createShareTest(limit, gate.below);
  let bad = 0;
  let newestOk = true;
  let reason: string | null = null;
  return {
    take: (at, sample) => {
      const ok = readCheck(sample);
      if (ok === null) return false;
      checks.push(at, [ok ? 0 : 1]);
      if (!ok) bad += 1;
      newestOk = ok;
      reason = ok ? null : reasonOf(sample);
      return true;
    },
    look: (at) => {
      while (checks.hasUntil(at - windowMs)) {
        bad -= checks.valueOf(0, 0);
        checks.shift();
      }
      const known = checks.size;
      return {
        value: known === 0 ? null : percent(bad, known),
        readings: known,
        events: null,
        lack: known < gate.minSamples || known === 0 ? 'samples' : null,
        beyond: isOver(bad, known),
      };
    },
    suspicious: () => !newestOk,
    reason: () => reason,
  };
};
