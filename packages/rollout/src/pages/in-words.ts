/** `extractionFailureRate` as a person says it: `extraction failure rate`; abbreviations stay. */
const wordsOf = (name: string): string =>
  name
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .replace(/[_-]+/g, ' ')
    .replace(/\b[A-Z][a-z]/g, (start) => start.toLowerCase());

/**
 * A gate's sentence on the record as a manager reads it, its name in words, without window and quantile:
 * `extraction failure rate 23.46 %, over the limit of 5 %`.
 */
export const gateInWords = (sentence: string): string => {
  const told = /^(\S+?)(?: broke)?: ([\s\S]+)$/.exec(sentence);
  if (told === null) return sentence;
  const said = (told[2] ?? '')
    .replace(/^q0\.\d+ /, '')
    .replace(/ over [\d.]+ (?:ms|s|min|h)(?=, (?:over|under) the limit)/, '');
  return `${wordsOf(told[1] ?? '')} ${said}`;
};

/** The first line of a text that may have many. */
export const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

/** `1 row`, `2 rows`. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** With a capital, and a full stop where it has no end. */
export const asSentence = (text: string): string => {
  const capital = `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
  return /[.!?…]$/.test(capital) ? capital : `${capital}.`;
};
