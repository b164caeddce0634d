/**
 * What a terminal acts on or does not show: C0 and C1 but tab and newline, format characters (they turn the direction of
 * writing or have no width; those that join letters stay), line and paragraph separators, halves of a character.
 */
const unseen = /(?![\t\n\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu;

/** Most of a version or reason that is shown, in characters as a person counts them. */
const longestLine = 200;

const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
};

/**
 * A text from outside as a terminal may show it: what would move the cursor, colour or hide other text
 * stands there as `\x1b`. Lines stay lines.
 */
export const visible = (text: string): string =>
  text.replaceAll('\r\n', '\n').replace(unseen, escaped);

/** The same value as JSON text, without a character that a terminal acts on. */
export const visibleJson = (json: string): string =>
  json.replace(unseen, (character) =>
    [...Array(character.length).keys()]
      .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`)
      .join(''),
  );

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Code units that are looked at for each character kept: one character may have many marks. */
const unitsEach = 8;

/** One line of a text from outside, for a sentence of ours: line breaks are shown too, and it ends after 200 characters. */
export const visibleLine = (text: string): string => {
  const mostUnits = longestLine * unitsEach;
  const line = visible(text.slice(0, mostUnits)).replaceAll('\n', '\\n').replaceAll('\t', ' ');
  const found = [...graphemes.segment(line.slice(0, mostUnits))].map(({ segment }) => segment);
  const isCut = text.length > mostUnits || line.length > mostUnits;
  // The last one may be half of one.
  const whole = isCut && found.length > 1 ? found.slice(0, -1) : found;
  const shown = whole.slice(0, longestLine).join('');
  return isCut || whole.length > longestLine ? `${shown}…` : shown;
};

/** What our own views draw with: colours, one line cleared, up some lines, cleared to the end. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones that may pass.
const ours = /(\x1b\[[0-9;]*m|\r\x1b\[2K|\x1b\[\d+A\r\x1b\[J)/;

/** A view of ours, with texts from outside in it: our own codes pass, all others are shown. */
export const visibleView = (text: string): string =>
  text
    .split(ours)
    .map((part, index) => (index % 2 === 1 ? part : visible(part)))
    .join('');
