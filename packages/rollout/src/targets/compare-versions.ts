/** Numbers as numbers, everything else as text; a number comes before a text, as in semver. */
const compareParts = (a: string, b: string): number => {
  const [isA, isB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (isA && isB) return Number(a) - Number(b);
  if (isA !== isB) return isA ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
};

const partsOf = (text: string): string[] => text.match(/\d+|[^\d.]+/g) ?? [];

const compareLists = (a: readonly string[], b: readonly string[]): number => {
  for (let index = 0; index < Math.max(a.length, b.length); index += 1) {
    const [one, other] = [a[index], b[index]];
    if (one === undefined || other === undefined)
      return one === other ? 0 : one === undefined ? -1 : 1;
    const order = compareParts(one, other);
    if (order !== 0) return order;
  }
  return 0;
};

/** The numbers that lead, and what follows the first `-` (a pre-release); `+build` does not count. */
const split = (version: string) => {
  const [counted = ''] = version.replace(/^v(?=\d)/, '').split('+');
  const dash = counted.indexOf('-');
  return dash === -1
    ? { release: partsOf(counted), pre: null }
    : { release: partsOf(counted.slice(0, dash)), pre: partsOf(counted.slice(dash + 1)) };
};

/**
 * Orders versions as people mean them: 1.9 < 1.10-rc.1 < 1.10 < 1.10.1. Below zero: `a` is the lower.
 * Semver where both are semver; texts that are not are compared part by part.
 */
export const compareVersions = (a: string, b: string): number => {
  const [one, other] = [split(a), split(b)];
  const order = compareLists(one.release, other.release);
  if (order !== 0) return order;
  if (one.pre === null || other.pre === null)
    return one.pre === other.pre ? 0 : one.pre === null ? 1 : -1;
  return compareLists(one.pre, other.pre);
};
