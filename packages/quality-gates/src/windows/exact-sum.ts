import { bounded } from './bounded.ts';

/**
 * Sums doubles and products of two doubles without any rounding (Shewchuk 1997, "Adaptive precision
 * floating-point arithmetic"; Python's `math.fsum` keeps its partials the same way). What was added
 * and subtracted again leaves no trace, so a sliding sum can't drift.
 */
export type ExactSum = {
  add(value: number): void;
  /** Adds a · b, exactly. */
  addProduct(a: number, b: number): void;
  /** -1, 0 or 1: of the exact sum. */
  sign(): number;
  /** The exact sum, rounded once. */
  value(): number;
  copy(): ExactSum;
};

const splitter = 2 ** 27 + 1;

export const createExactSum = (partials: number[] = []): ExactSum => {
  // Ascending in magnitude, non-overlapping.
  const add = (value: number): void => {
    let x = value;
    let kept = 0;
    for (let index = 0; index < partials.length; index++) {
      const y = partials[index] as number; // index < length
      const sum = x + y;
      const shift = sum - x;
      const error = x - (sum - shift) + (y - shift);
      if (error !== 0) partials[kept++] = error;
      x = sum;
    }
    if (x !== 0) partials[kept++] = x;
    partials.length = kept;
  };
  return {
    add,
    addProduct: (a, b) => {
      const x = bounded(a);
      const product = x * b;
      const xc = splitter * x;
      const xHigh = xc - (xc - x);
      const xLow = x - xHigh;
      const bc = splitter * b;
      const bHigh = bc - (bc - b);
      const bLow = b - bHigh;
      const error = xLow * bLow - (product - xHigh * bHigh - xLow * bHigh - xHigh * bLow);
      add(product);
      if (error !== 0) add(error);
    },
    sign: () => Math.sign(partials.at(-1) ?? 0),
    value: () => {
      let index = partials.length - 1;
      if (index < 0) return 0;
      let high = partials[index] as number; // index < length
      let low = 0;
      while (index > 0 && low === 0) {
        const y = partials[--index] as number;
        const sum = high + y;
        low = y - (sum - high);
        high = sum;
      }
      // Half-way cases are decided by what is left below, as in fsum.
      const rest = partials[index - 1] ?? 0;
      if ((low < 0 && rest < 0) || (low > 0 && rest > 0)) {
        const doubled = low * 2;
        const rounded = high + doubled;
        if (doubled === rounded - high) return rounded;
      }
      return high;
    },
    copy: () => createExactSum([...partials]),
  };
};
