/** The one source of chance of a seed: the same seed gives the same numbers for good. */
export interface Random {
  /** 0 ≤ r < 1. */
  next(): number;
  /** A whole number, `from` ≤ n ≤ `to`. */
  between(from: number, to: number): number;
  /** True in that share of the cases, 0 to 1. */
  chance(share: number): boolean;
  pick<T>(among: readonly T[]): T;
  /** A source of its own, so that what one part draws moves nothing of another. */
  fork(): Random;
}

/** Mulberry32, Tommy Ettinger, public domain: 32 bits of state are enough to tell stories apart. */
export const randomOf = (seed: number): Random => {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (from: number, to: number) => from + Math.floor(next() * (to - from + 1));
  return {
    next,
    between,
    chance: (share) => next() < share,
    pick: (among) => {
      if (among.length === 0) throw new TypeError('there is nothing to pick from');
      return among[between(0, among.length - 1)] as (typeof among)[number];
    },
    fork: () => randomOf(Math.floor(next() * 2 ** 32)),
  };
};
