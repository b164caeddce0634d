import { randomBytes } from 'node:crypto';

/** Kinds of run; each run has one journal. */
export const runKinds = [
  'deploy',
  'migrate',
  'rollback',
  'watch',
  'service',
  'freeze',
  'salvage',
] as const;
export type RunKind = (typeof runKinds)[number];

/** `20261124T101500Z-production-deploy-3fa9`: sorts by time, and names its environment to a person. */
export const newRunId = (
  atMs: number,
  env: string,
  kind: RunKind,
  random: string = randomBytes(2).toString('hex'),
): string => `${compactUtc(atMs)}-${env}-${kind}-${random}`;

const secondPattern = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z/;

/** When a run began, to the second, as its name tells; Unix epoch, ms. `null`: it tells none. */
const beganMs = (run: string): number | null => {
  const [, year, month, day, hour, minute, second] = secondPattern.exec(run)?.map(Number) ?? [];
  if (year === undefined || month === undefined) return null;
  return Date.UTC(year, month - 1, day, hour, minute, second);
};

/**
 * When a run begins that must come after `newest`, Unix epoch, ms: where the clock was set back, the second after that
 * one. What is newest decides what may be done next.
 */
export const beginsAfter = (nowMs: number, newest: string | null): number => {
  const newestMs = newest === null ? null : beganMs(newest);
  return newestMs === null ? nowMs : Math.max(nowMs, newestMs + 1000);
};

/** `20261124T101500Z`: UTC to the second, as in the names of backups. */
const compactUtc = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
