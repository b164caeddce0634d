import type { BigIntStats } from 'node:fs';
import * as z from 'zod/mini';

/** What the system says of a file, for telling later whether it is the same; numbers as text, since they are of 64 bits. */
export const statFacts = z.object({
  dev: z.string(),
  ino: z.string(),
  size: z.string(),
  mtimeNs: z.string(),
  ctimeNs: z.string(),
});
export type StatFacts = z.infer<typeof statFacts>;

export const factsOf = (stat: BigIntStats): StatFacts => ({
  dev: String(stat.dev),
  ino: String(stat.ino),
  size: String(stat.size),
  mtimeNs: String(stat.mtimeNs),
  ctimeNs: String(stat.ctimeNs),
});

/** All of the facts. */
export const STAT_FIELDS = ['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const;

export const isSameStat = (a: StatFacts, b: StatFacts): boolean =>
  STAT_FIELDS.every((field) => a[field] === b[field]);

/** A file written this shortly before a backup may be written again within the same tick of the clock. */
const RACY_NS = 10_000_000n;

/** Whether a file was last touched so long before a moment (Unix epoch, ms) that its times tell of any later change. */
export const isSettled = (
  { mtimeNs, ctimeNs }: Pick<StatFacts | BigIntStats, 'mtimeNs' | 'ctimeNs'>,
  beforeMs: number,
): boolean => {
  const beforeNs = BigInt(beforeMs) * 1_000_000n - RACY_NS;
  return BigInt(mtimeNs) < beforeNs && BigInt(ctimeNs) < beforeNs;
};
