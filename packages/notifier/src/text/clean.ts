import { wellFormed } from './well-formed.ts';

// As classes of Unicode, and built from escapes: no invisible character stands in this file.
/** C0 and C1, but for tab and newline. */
const controls = /(?![\t\n])\p{Cc}/gu;
/** Direction marks and overrides, zero-width characters: all of Unicode's "format" but the joiners and tags of emoji. */
const formats = /(?!\u200C|\u200D|[\u{E0020}-\u{E007F}])\p{Cf}/gu;
const joiner = '(?:\\u200C|\\u200D)';
const joinable =
  '(?:\\p{Extended_Pictographic}|\\p{Emoji_Modifier}|\\uFE0F|\\p{Script=Arabic}|\\p{Script=Devanagari})';
/** A joiner is kept between parts of one emoji and inside scripts that are written with it. */
const strayJoiner = new RegExp(`(?<!${joinable})${joiner}|${joiner}(?!${joinable})`, 'gu');

/**
 * Text of several lines without what could mislead a reader or break a format: control characters
 * (tab and newline stay), direction overrides, zero-width characters, half surrogates.
 */
export const cleanText = (text: string): string =>
  wellFormed(text)
    .replace(/\r\n?|[\u0085\u2028\u2029]/gu, '\n')
    .replace(controls, '')
    .replace(formats, '')
    .replace(strayJoiner, '');

/** The same as one trimmed line: for titles, names and header fields. */
export const cleanLine = (text: string): string => cleanText(text).replace(/\s+/gu, ' ').trim();
