import { readFile } from 'node:fs/promises';
import { gatesFor, parseGates } from '../../src/config.ts';
import { type PolledSample, pollTimes } from '../../src/index.ts';

const shippedFile = new URL('../../../../quality-gates-config.json', import.meta.url);

/** The gates file that this repository ships. */
export const shipped = parseGates(await readFile(shippedFile, 'utf8'), { file: 'shipped.json' });
export const production = gatesFor(shipped, 'production');

/** What a service does at a second: its check, of 100 pictures a poll those that fail and are slow, its queue. */
export type Second = { ok?: boolean; failing?: number; slow?: number; queue?: number };

/** What the shipped gates read, of a service that has been up for long, at production's polls from 0. */
export const recorded = (service: (second: number) => Second): PolledSample[] => {
  let [total, bad, fast, slowOnes] = [50_000, 1_000, 40_000, 9_000];
  return pollTimes(production).map((at) => {
    const { ok = true, failing = 1, slow = 1, queue = 10 } = service(at / 1000);
    total += 100;
    bad += failing;
    fast += 100 - slow;
    slowOnes += slow;
    const count = fast + slowOnes;
    return {
      at,
      health: { ok },
      metrics: {
        dhash_processed_total: total,
        dhash_extraction_failures_total: bad,
        dhash_low_confidence_queue_length: queue,
        dhash_hash_duration_seconds: {
          le: { '0.5': fast / 2, '1': fast, '2': fast + 100, '3': count, '+Inf': count },
          count,
          sum: count,
        },
      },
    };
  });
};
