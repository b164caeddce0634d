const bars = '▁▂▃▄▅▆▇█';

/**
 * One character a value, from 0 (or the lowest, where that is negative) to the greatest of the values
 * and `atLeast`; `·` for no value. With `atLeast` the threshold, height is how near a gate is to it.
 */
export const spark = (values: readonly (number | null)[], atLeast: number): string => {
  const known = values.filter((value) => value !== null);
  const low = Math.min(0, ...known);
  const high = Math.max(atLeast, ...known);
  const span = high - low;
  return values
    .map((value) => {
      if (value === null) return '·';
      const level = span > 0 ? Math.round(((value - low) / span) * (bars.length - 1)) : 0;
      return bars[level] ?? '·';
    })
    .join('');
};
