import { shown } from './expectation.ts';
import type { PastCheck } from './past-checks.ts';
import { startTimeOf } from './start-time.ts';

/** What an answer tells of its process. */
export type Identity = { readonly startTime: number; readonly instance?: string };

/** One line of plain text, short: it goes into the log. */
const instanceText = (value: unknown): string =>
  (typeof value === 'string' ? value : shown(value)).slice(0, 120).replace(/\p{Cc}+/gu, ' ');

/**
 * Tells processes apart by what the answers say: a start time is taken as it is; any other text or number is the name of
 * an instance, whose start time is when it was first seen. An instance that comes back has its old one, by
 * which the gates know that there are several.
 */
export const processIdentities = (past: readonly PastCheck[]) => {
  const firstSeen = new Map<string, number>();
  for (const { at, health } of past) {
    const { instance } = health;
    if (instance !== undefined && !firstSeen.has(instance)) firstSeen.set(instance, at / 1000);
  }
  return {
    /** `null`: the answer says nothing of it. */
    of: (value: unknown, nowMs: number): Identity | null => {
      if (value === undefined || value === null || value === '') return null;
      const startTime = startTimeOf(value);
      if (startTime !== null) return { startTime };
      const instance = instanceText(value);
      const seen = firstSeen.get(instance) ?? nowMs / 1000;
      firstSeen.set(instance, seen);
      return { startTime: seen, instance };
    },
  };
};
