import { createHash } from 'node:crypto';

const FIRST_SLOTS = 1024;
/** Words of a digest that are kept: 128 bits. */
const WORDS = 4;
const SLOT_WORDS = WORDS + 1;

/** How often each of many texts was seen; about 40 bytes for each, however long it is. */
export interface DigestTable {
  readonly size: number;
  /** Times that it was added. */
  count(text: string): number;
  /** Returns how often it was added, this time included. */
  add(text: string): number;
}

/** Texts are told apart by 128 bits of their SHA-256. */
export const digestTable = (): DigestTable => {
  /** For each slot the digest, and how often it was seen; 0: free. */
  let slots = new Uint32Array(FIRST_SLOTS * SLOT_WORDS);
  let size = 0;

  const slotOf = (table: Uint32Array, digest: ArrayLike<number>): number => {
    const count = table.length / SLOT_WORDS;
    for (let slot = (digest[0] ?? 0) % count; ; slot = (slot + 1) % count) {
      const at = slot * SLOT_WORDS;
      if (table[at + WORDS] === 0) return at;
      let word = 0;
      while (word < WORDS && table[at + word] === digest[word]) word += 1;
      if (word === WORDS) return at;
    }
  };

  const grow = (): void => {
    const bigger = new Uint32Array(slots.length * 2);
    for (let at = 0; at < slots.length; at += SLOT_WORDS)
      if (slots[at + WORDS] !== 0) {
        const one = slots.subarray(at, at + SLOT_WORDS);
        bigger.set(one, slotOf(bigger, one));
      }
    slots = bigger;
  };

  const digestOf = (text: string): Uint32Array => {
    const bytes = createHash('sha256').update(text).digest();
    return Uint32Array.from({ length: WORDS }, (_, word) => bytes.readUInt32LE(word * 4));
  };

  return {
    get size() {
      return size;
    },
    count: (text) => slots[slotOf(slots, digestOf(text)) + WORDS] ?? 0,
    add: (text) => {
      if (size * 2 * SLOT_WORDS >= slots.length) grow();
      const digest = digestOf(text);
      const at = slotOf(slots, digest);
      if (slots[at + WORDS] === 0) {
        slots.set(digest, at);
        size += 1;
      }
      const seen = (slots[at + WORDS] ?? 0) + 1;
      slots[at + WORDS] = seen;
      return seen;
    },
  };
};
