import type { ConsecutiveGate, ShareGate } from '../policy.ts';
import { type CheckReading, type PolledSample, readCheck, readReplicas } from '../sample.ts';
import { createRows } from '../windows/rows.ts';
import type { Look, Measure, MeasureContext } from './measure.ts';
import { createShareTest, percent } from './share.ts';

const isBeyond = (value: number, limit: number, below: boolean) =>
  below ? value < limit : value > limit;

const reasonOf = (check: CheckReading | undefined): string | null => {
  const reason: unknown = check?.reason;
  return typeof reason === 'string' && reason !== '' ? reason : null;
};

/** One target's checks. */
type Checks = {
  take(at: number, check: CheckReading | undefined, ok: boolean): void;
  look(at: number): Look;
  suspicious(): boolean;
  reason(): string | null;
};

/**
 * Judges each replica by itself where a sample has several, and tells the worst one: the one beyond
 * the limit, else the one with the farthest value.
 */
const eachReplica = (
  open: () => Checks,
  isFarther: (value: number, than: number) => boolean,
): Measure => {
  const replicas = new Map<string, Checks>();
  let worst: string | null = null;
  const of = (replica: string): Checks => {
    const known = replicas.get(replica);
    if (known !== undefined) return known;
    const made = open();
    replicas.set(replica, made);
    return made;
  };
  const take = (at: number, replica: string, check: CheckReading | undefined): boolean => {
    const ok = readCheck(check);
    if (ok === null) return false;
    of(replica).take(at, check, ok);
    return true;
  };
  return {
    take: (at, sample: PolledSample) => {
      const checks = readReplicas(sample);
      if (checks === null) return take(at, '', sample.health);
      return checks.filter(([replica, check]) => take(at, replica, check)).length > 0;
    },
    look: (at) => {
      worst = null;
      let found: Look | null = null;
      for (const [replica, checks] of replicas) {
        const look = checks.look(at);
        const isWorse =
          found === null ||
          rank(look) > rank(found) ||
          (rank(look) === rank(found) && isFarther(look.value ?? 0, found.value ?? 0));
        if (isWorse) [worst, found] = [replica, look];
      }
      return found ?? open().look(at);
    },
    suspicious: () => [...replicas.values()].some((checks) => checks.suspicious()),
    reason: () => {
      const reason = worst === null ? null : (replicas.get(worst)?.reason() ?? null);
      if (worst === null || worst === '') return reason;
      return reason === null ? worst : `${worst}: ${reason}`;
    },
  };
};
/** Beyond comes before judged, judged before not judged. */
const rank = ({ lack, beyond }: Look): number => (lack !== null ? 0 : beyond ? 2 : 1);

/** Non-OK checks in a row; a check that is not known neither counts nor resets. */
export const openConsecutive = (gate: ConsecutiveGate, { limit }: MeasureContext): Measure =>
  eachReplica(
    () => {
      let known = 0;
      let streak = 0;
      let reason: string | null = null;
      return {
        take: (_at, check, ok) => {
          known += 1;
          streak = ok ? 0 : streak + 1;
          reason = ok ? null : reasonOf(check);
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
    },
    (value, than) => (gate.below ? value < than : value > than),
  );

/** Non-OK share of the known checks in the window. */
export const openShare = (gate: ShareGate, { limit, windowMs }: MeasureContext): Measure => {
  const isOver = createShareTest(limit, gate.below);
  return eachReplica(
    () => {
      /** A column: 1 where the check was not OK. */
      const checks = createRows();
      let bad = 0;
      let newestOk = true;
      let reason: string | null = null;
      return {
        take: (at, check, ok) => {
          checks.push(at, [ok ? 0 : 1]);
          if (!ok) bad += 1;
          newestOk = ok;
          reason = ok ? null : reasonOf(check);
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
    },
    (value, than) => (gate.below ? value < than : value > than),
  );
};
