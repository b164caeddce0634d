import { stat } from 'node:fs/promises';
import type { CapturedItem } from './data-kind.ts';

/** The one file of a source that was dumped into a copy. */
export const dumpedItem = async (name: string, copy: string): Promise<CapturedItem> => {
  const statOf = await stat(copy, { bigint: true });
  return {
    type: 'file',
    name: Buffer.from(name),
    diskPath: Buffer.from(copy),
    size: Number(statOf.size),
    statOf,
  };
};
