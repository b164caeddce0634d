import { wellFormed } from './well-formed.ts';

// As classes of Unicode, and built from escapes: no invisible character stands in this file.
/** C0 and C1, but for tab and newline. */
const controls = /(?![\t\n])\p{Cc}/gu;

/**
 * Format characters that are part of a script: number and verse signs of Arabic, Syriac and Kaithi, the vowel separator of
 * Mongolian, the layout of hieroglyphs and shorthand. They are seen, or change the letters beside them.
 */
const ofScripts =
  '\\u0600-\\u0605\\u06DD\\u070F\\u0890\\u0891\\u08E2\\u180E\\u{110BD}\\u{110CD}\\u{13430}-\\u{1345F}\\u{1BCA0}-\\u{1BCA3}';
const joiners = '\\u200C\\u200D';
const zeroWidthSpace = '\\u200B';
const tags = '\\u{E0020}-\\u{E007F}';
/** Direction marks and overrides, zero-width characters: all of Unicode's "format" but what is looked at below. */
const formats = new RegExp(`(?![${ofScripts}${joiners}${zeroWidthSpace}${tags}])\\p{Cf}`, 'gu');

/** Scripts that are written without joiners, or hold no letters at all: between their letters, a joiner only deceives. */
const joinless = [
  ...['Latin', 'Greek', 'Cyrillic', 'Armenian', 'Georgian', 'Cherokee', 'Canadian_Aboriginal'],
  ...['Han', 'Hiragana', 'Katakana', 'Bopomofo', 'Hangul', 'Yi', 'Ethiopic', 'Common'],
]
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join('');
/** A letter or digit of any other script; its vowel signs and accents may stand before the joiner. */
const joined = `(?![${joinless}])[\\p{L}\\p{N}\\p{Nl}]`;
const emojiEnd = `(?:\\p{Extended_Pictographic}|\\p{Emoji_Modifier}|[\\uFE0F\\u20E3\\u{E007F}])`;
const emojiStart = '\\p{Extended_Pictographic}';
/** More in a row are no writing. */
const joinersOfOne = `[${joiners}]{1,3}`;
/** Joiners in their place, which are kept, or any others. */
const joinerRuns = new RegExp(
  `((?<=${joined}\\p{M}*)${joinersOfOne}(?![${joiners}])|(?<![${joiners}])${joinersOfOne}(?=${joined})|(?<=${emojiEnd})[${joiners}](?=${emojiStart}))|[${joiners}]+`,
  'gu',
);

/** Scripts without spaces between words, where a zero-width space marks them. */
const spaceless = ['Thai', 'Lao', 'Khmer', 'Myanmar', 'Tai_Tham', 'Tai_Le', 'Balinese', 'Javanese']
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join('');
const strayZeroWidthSpace = new RegExp(
  `(?<![${spaceless}])${zeroWidthSpace}|${zeroWidthSpace}(?![${spaceless}])`,
  'gu',
);

/** Tags that spell the name of a flag stay behind it; elsewhere they are a text that nobody sees. */
const tagRuns = new RegExp(
  `((?<=\\p{Extended_Pictographic}\\p{Emoji_Modifier}?\\uFE0F?)[\\u{E0020}-\\u{E007E}]{1,32}\\u{E007F})|[${tags}]+`,
  'gu',
);

const whatIsKept = (_: string, kept: string | undefined): string => kept ?? '';

/**
 * Text of several lines without what could mislead a reader or break a format: control characters (tab and newline
 * stay), direction marks and overrides, zero-width characters, half surrogates. What a script or an emoji is written
 * with stays: joiners beside its letters, its own signs.
 */
export const cleanText = (text: string): string =>
  wellFormed(text)
    .replace(/\r\n?|[\u0085\u2028\u2029]/gu, '\n')
    .replace(controls, '')
    .replace(formats, '')
    .replace(tagRuns, whatIsKept)
    .replace(joinerRuns, whatIsKept)
    .replace(strayZeroWidthSpace, '');

/** The same as one trimmed line: for titles, names and header fields. */
export const cleanLine = (text: string): string => cleanText(text).replace(/\s+/gu, ' ').trim();
