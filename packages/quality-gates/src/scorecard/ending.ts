/**
 * What became of a release whose watch began.
 *
 * - `promoted`: its watch promoted it, and it stayed until the next deploy
 * - `overridden`: a person promoted it, whatever the watch said
 * - `rolled back`: it was taken out, by a gate or by a person, and stayed out
 * - `returned`: it was taken out, and the same release was promoted by a later run
 * - `undecided`: still open, aborted, or another deploy went over it
 */
export type RunEnding = 'promoted' | 'overridden' | 'rolled back' | 'returned' | 'undecided';

/** What a break says about its gate, once the run's ending is known. */
export type Alarm = 'true' | 'false' | 'undecided';

/**
 * The one place that says which alarm was true: a break is *true* where the release was taken out and stayed out, *false*
 * where it stayed (its watch or a person promoted it) or came back unchanged. While nobody has decided, it is neither.
 */
export const alarmOf = (ending: RunEnding): Alarm => {
  switch (ending) {
    case 'rolled back':
      return 'true';
    case 'promoted':
    case 'overridden':
    case 'returned':
      return 'false';
    case 'undecided':
      return 'undecided';
  }
};
