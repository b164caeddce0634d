import { randomInt } from 'node:crypto';

const FIRST_SLOTS = 1024;
/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
const FNV_PRIME = 0x01000193;
/** Another one in each process: nobody can write names that all fall into one slot. */
const SEED = randomInt(2 ** 32);

const hashOf = (text: string): number => {
  let hash = SEED;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
};

/** Finds rows of a table by a text that is each one's own, and keeps no text itself. */
export interface RowIndex {
  /** The row with this text; null where there is none. */
  find(text: string): number | null;
  add(text: string, row: number): void;
}

/** @param textOf the text that a row was added with */
export const rowIndex = (textOf: (row: number) => string): RowIndex => {
  /** For each slot the hash, and the row from 1 on; 0: free. */
  let slots = new Uint32Array(2 * FIRST_SLOTS);
  let count = 0;

  const put = (hash: number, row: number): void => {
    const size = slots.length / 2;
    let slot = hash % size;
    while (slots[2 * slot + 1] !== 0) slot = (slot + 1) % size;
    slots[2 * slot] = hash;
    slots[2 * slot + 1] = row + 1;
  };

  return {
    find: (text) => {
      const hash = hashOf(text);
      const size = slots.length / 2;
      for (let slot = hash % size; ; slot = (slot + 1) % size) {
        const row = (slots[2 * slot + 1] ?? 0) - 1;
        if (row < 0) return null;
        if (slots[2 * slot] === hash && textOf(row) === text) return row;
      }
    },
    add: (text, row) => {
      if (4 * count >= slots.length) {
        const before = slots;
        slots = new Uint32Array(2 * before.length);
        for (let i = 0; i < before.length; i += 2)
          if (before[i + 1] !== 0) put(before[i] ?? 0, (before[i + 1] ?? 0) - 1);
      }
      put(hashOf(text), row);
      count += 1;
    },
  };
};
