/** More bad events than this are no accident of a small sample. */
const manyBad = 1000;

/**
 * Chance of at least `bad` bad events among `total`, each bad with chance `share` (0 to under 1): the exact binomial tail.
 * Parts of events are left out of `bad` and filled up in `total`. Over 1000 bad events are taken for 0, so ask it only of more
 * than `share` of all.
 */
export const binomialTail = (bad: number, total: number, share: number): number => {
  const all = Math.ceil(total);
  const least = Math.min(Math.floor(bad), all);
  if (least <= 0) return 1;
  if (share <= 0 || least > manyBad) return 0;
  const odds = share / (1 - share);
  let log = all * Math.log1p(-share);
  for (let index = 0; index < least; index++) log += Math.log(((all - index) / (index + 1)) * odds);
  let term = Math.exp(log);
  let sum = 0;
  for (let index = least; index <= all && term > sum * 1e-12; index++) {
    sum += term;
    term *= ((all - index) / (index + 1)) * odds;
  }
  return sum;
};
