import { nearest } from '@dhash/basics/nearest';

/** `did you mean "url"? Known: url, health, …`. */
export const suggest = (word: string, known: readonly string[]): string => {
  const meant = nearest(word, known);
  const all = known.length === 0 ? 'there are none' : `known: ${known.join(', ')}`;
  return meant === null ? all : `did you mean "${meant}"? (${all})`;
};
