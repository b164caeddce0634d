import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanText } from '../src/text/clean.ts';

describe('what a script or an emoji is written with stays', () => {
  it.each([
    ['Sinhala', 'ශ්\u200Dරී'],
    ['Bengali', 'র\u200D্যাব'],
    ['Malayalam, at the end of a word', 'ന്\u200D വന്നു'],
    ['Kannada', 'ರ\u200D್ಕ'],
    ['Telugu', 'క్\u200Cష'],
    ['Hindi', 'क्\u200Dष'],
    ['Persian', 'می\u200Cخواهم'],
    ['Persian with a vowel sign', 'نَ\u200Cمی'],
    ['Persian behind a Latin word', 'PDF\u200Cها'],
    ['an Arabic letter by itself', 'ه\u200D.ش'],
    ['Arabic, three joiners', 'ا\u200D\u200C\u200Dا'],
    ['Hebrew', 'ו\u200Cֹ'],
    ['Mongolian', 'ᠠ\u180Eᠠ'],
    ['Tifinagh', 'ⵜ\u200Dⵜ'],
    ['Khmer words', 'ខ្មែរ\u200Bភាសា'],
    ['a number sign of Arabic', '\u0600١٢'],
    ['a verse sign of Arabic', '\u06DD١'],
    ['a family', '👨\u200D👩\u200D👧'],
    ['a profession with a skin', '👩🏽\u200D🚀'],
    ['a heart on fire', '❤\uFE0F\u200D🔥'],
    ['a flag of a rainbow', '🏳\uFE0F\u200D🌈'],
    ['a flag with tags', '🏴\u{E0067}\u{E0062}\u{E0065}\u{E006E}\u{E0067}\u{E007F}'],
    ['a keycap', '1\uFE0F\u20E3'],
    ['a variant of a letter', '葛\u{E0100}'],
  ])('%s', (_name, text) => expect(cleanText(text)).toBe(text));
});

describe('what only deceives goes', () => {
  it.each([
    ['a joiner in Latin', 'ad\u200Dmin', 'admin'],
    ['behind an accent', 'ade\u0301\u200Cmin', 'ade\u0301min'],
    ['a joiner in Cyrillic', 'п\u200Dо', 'по'],
    ['a joiner in Greek', 'α\u200Cβ', 'αβ'],
    ['a joiner in Han and Hangul', '漢\u200D字한\u200D글', '漢字한글'],
    ['a joiner between digits', '1\u200D2', '12'],
    ['a joiner alone', ' \u200D ', '  '],
    ['a heap of joiners in Arabic', 'ا\u200D\u200D\u200D\u200Dا', 'اا'],
    ['a joiner behind the last emoji', '😀\u200D', '😀'],
    ['a zero-width space in Latin', 'a\u200Bb', 'ab'],
    ['direction overrides', 'a\u202Eb\u202Cc\u2066d\u2069', 'abcd'],
    ['direction overrides in Arabic', 'ا\u202Eب\u202C', 'اب'],
    ['direction marks', 'a\u200Eb\u200Fc\u061Cd', 'abcd'],
    ['a text in tags', 'ok\u{E0065}\u{E0076}\u{E0069}\u{E006C}', 'ok'],
    ['tags of an unfinished flag', '🏴\u{E0067}\u{E0062}', '🏴'],
    ['soft hyphen, word joiner, byte order mark', 'a\u00ADb\u2060c\uFEFFd', 'abcd'],
    ['control characters', 'a\u0000b\u001Bc\u009Fd\u0008e', 'abcde'],
  ])('%s', (_name, text, cleaned) => expect(cleanText(text)).toBe(cleaned));
});

it('is done once: what is clean stays as it is', () => {
  const unit = fc.constantFrom(
    ...['a', '1', ' ', 'م', 'َ', 'ක', '්', '漢', '😀', '\u0301'],
    ...['\u200C', '\u200D', '\u200B', '\u202E', '\uFE0F', '\u{E0067}', '\u{E007F}', '\u180E'],
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 12 }), (text) => {
      const once = cleanText(text);
      expect(cleanText(once)).toBe(once);
    }),
  );
});
