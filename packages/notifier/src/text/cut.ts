import { wellFormed } from './well-formed.ts';

/** How a channel counts the length of a text. */
export type Measure = (text: string) => number;

/** UTF-16 units: never less than code points, so a safe count where a vendor says "characters". */
export const utf16Units: Measure = (text) => text.length;

/** Unicode code points. */
export const codePoints: Measure = (text) => {
  let count = 0;
  for (const _ of text) count++;
  return count;
};

/** UTF-8 bytes. */
export const utf8Bytes: Measure = (text) => Buffer.byteLength(text, 'utf8');

/** Stands where text was cut; it counts inside the limit. */
const ellipsis = '…';

/** Made when first needed: it costs some 10 ms, and most texts fit. */
let segmenter: Intl.Segmenter | undefined;

/** Below this, a mark would leave nothing of the text (Alertmanager's rule too). */
const smallestMarked = 3;

const unchanged = (text: string): string => text;

const longestPrefix = (
  parts: Iterable<string>,
  room: number,
  escapeWith: (text: string) => string,
  measure: Measure,
): string => {
  let prefix = '';
  let used = 0;
  for (const part of parts) {
    const escaped = escapeWith(part);
    used += measure(escaped);
    if (used > room) break;
    prefix += escaped;
  }
  return prefix;
};

function* graphemes(text: string): Generator<string> {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' });
  for (const { segment } of segmenter.segment(text)) yield segment;
}

/**
 * `text`, escaped, in at most `limit` of `measure`. Where it must be cut, that is at a grapheme and
 * before escaping, so that neither a character nor an escape is halved; a single grapheme longer
 * than the limit is cut at a code point. `escapeWith` must work character by character.
 */
export const fitText = (
  text: string,
  limit: number,
  escapeWith: (text: string) => string = unchanged,
  measure: Measure = utf16Units,
): { readonly text: string; readonly isCut: boolean } => {
  // No measure counts less than one per two UTF-16 units: more than this can't fit.
  const isSurelyTooLong = text.length > limit * 2 + 2;
  if (!isSurelyTooLong) {
    const whole = escapeWith(text);
    if (measure(whole) <= limit) return { text: whole, isCut: false };
  }
  const head = isSurelyTooLong ? text.slice(0, limit * 2 + 2) : text;
  const mark = limit > smallestMarked ? ellipsis : '';
  const room = limit - measure(mark);
  const byGrapheme = longestPrefix(graphemes(head), room, escapeWith, measure);
  const prefix =
    byGrapheme === '' ? longestPrefix(wellFormed(head), room, escapeWith, measure) : byGrapheme;
  return { text: prefix + mark, isCut: true };
};

/** `text` in at most `limit` code points, ending in `…` where it was cut (no mark below 4). */
export const truncate = (text: string, limit: number, measure: Measure = codePoints): string =>
  fitText(text, limit, unchanged, measure).text;
