import { stat } from 'node:fs/promises';
import { bytePath } from '../source/byte-path.ts';
import type { Captured } from './data-kind.ts';

/** The one file of a source that was dumped into a copy. */
export const dumpedItem = async (
  name: string,
  copy: string,
): Promise<Pick<Captured, 'items' | 'diskPath'>> => {
  const statOf = await stat(copy, { bigint: true });
  const item = { type: 'file', name: bytePath(name), size: Number(statOf.size), statOf } as const;
  return { items: [item], diskPath: () => Buffer.from(copy) };
};
