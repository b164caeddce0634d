/** Insertions, deletions, replacements and swaps of neighbours from one to the other. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let least = Math.min(
        (above[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (above[j - 1] ?? 0) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      row.push(least);
    }
    before = above;
    above = row;
  }
  return above[b.length] ?? 0;
};

/** The candidate that was most likely meant; `null` where none is near. Case does not matter. */
export const nearest = (wrong: string, candidates: readonly string[]): string | null => {
  const text = wrong.toLowerCase();
  let best: string | null = null;
  let least = Math.max(2, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const far = distance(text, candidate.toLowerCase());
    if (far < least && far < candidate.length) {
      best = candidate;
      least = far;
    }
  }
  return best;
};
