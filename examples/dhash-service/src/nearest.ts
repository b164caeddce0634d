import { distanceBetween, type HashWords, wordsOf } from './dhash.ts';

/** The library image nearest to a picture. */
export interface Nearest {
  readonly id: number;
  readonly name: string;
  /** Differing bits, 0 to 64. */
  readonly distance: number;
}

/** A search's answer. */
export interface Match {
  /** `null`: the library is empty. */
  readonly nearest: Nearest | null;
  /** How many bits further away the nearest *other* image is; `null` where there is none. */
  readonly margin: number | null;
  /** 0 to 1. */
  readonly confidence: number;
}

/** Two unrelated pictures differ in about half of the 64 bits. */
const unrelatedDistance = 32;

/** Below it a person should look: more than 4 of 64 bits differ. */
export const leastConfidence = 0.85;

/** 1 for equal hashes, 0 where the hashes are as far apart as unrelated ones are. */
export const confidenceOf = (distance: number): number =>
  Math.max(0, 1 - distance / unrelatedDistance);

/** The hashes of the library in memory; searched one by one (300 images: microseconds). */
export interface HashIndex {
  add(image: { id: number; name: string; hash: string }): void;
  search(hash: string): Match;
  size(): number;
}

/** An empty index. An image may be added under several hashes. */
export const hashIndex = (): HashIndex => {
  const entries: { id: number; name: string; words: HashWords }[] = [];
  return {
    add: ({ id, name, hash }) => {
      entries.push({ id, name, words: wordsOf(hash) });
    },
    size: () => entries.length,
    search: (hash) => {
      const words = wordsOf(hash);
      let nearest: Nearest | null = null;
      let runnerUp: number | null = null;
      for (const { id, name, words: known } of entries) {
        const distance = distanceBetween(words, known);
        if (nearest === null || distance < nearest.distance) {
          if (nearest !== null && nearest.id !== id) runnerUp = nearest.distance;
          nearest = { id, name, distance };
        } else if (id !== nearest.id && (runnerUp === null || distance < runnerUp))
          runnerUp = distance;
      }
      return {
        nearest,
        margin: nearest === null || runnerUp === null ? null : runnerUp - nearest.distance,
        confidence: nearest === null ? 0 : confidenceOf(nearest.distance),
      };
    },
  };
};
