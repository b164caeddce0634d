import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanLine, cleanText } from '../src/text/clean.ts';
import { codePoints, fitText, truncate, utf8Bytes, utf16Units } from '../src/text/cut.ts';

describe('truncate', () => {
  it.each([
    ['abcdef', 4, 'abc…'],
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 3, 'abc'],
    ['abcdef', 0, ''],
    ['', 4, ''],
    ['👍👍👍👍👍', 4, '👍👍👍…'],
    ['a👨‍👩‍👧b', 5, 'a…'],
    ['e\u0301e\u0301e\u0301', 5, 'e\u0301e\u0301…'],
  ])('%s to %i is %s', (text, limit, expected) => {
    expect(truncate(text, limit)).toBe(expected);
  });

  it('cuts 300 emoji to 256 code points, 511 UTF-16 units, without half a character', () => {
    const cut = truncate('👍'.repeat(300), 256);
    expect([...cut]).toHaveLength(256);
    expect(cut).toHaveLength(511);
    expect(cut.endsWith('👍…')).toBe(true);
  });

  it('counts bytes where asked', () => {
    expect(utf8Bytes('{"m":"Déploiement ✅"}')).toBe(24);
    expect(truncate('ééééé', 8, utf8Bytes)).toBe('éé…');
  });
});

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc
    .array(fc.constantFrom('👨‍👩‍👧', '<', '&', 'é', '🇩🇪', '\ud800', 'a\u0301\u0302'), {
      maxLength: 300,
    })
    .map((parts) => parts.join('')),
);

describe('fitText', () => {
  it('keeps to any limit by any measure, and marks what it cut', () => {
    fc.assert(
      fc.property(
        nasty,
        fc.integer({ min: 4, max: 120 }),
        fc.constantFrom(utf16Units, codePoints, utf8Bytes),
        (text, limit, measure) => {
          const fitted = fitText(text, limit, (part) => part.replaceAll('<', '&lt;'), measure);
          expect(measure(fitted.text)).toBeLessThanOrEqual(limit);
          expect(fitted.text.endsWith('…') || !fitted.isCut).toBe(true);
          expect(fitted.text.replaceAll('&lt;', '')).not.toMatch(/&lt?…$/);
        },
      ),
    );
  });

  it('leaves alone what fits', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        expect(fitText(text, 200)).toEqual({ text, isCut: false });
      }),
    );
  });
});

describe('clean', () => {
  it.each([
    ['[prod] échec\r\nBcc: evil@x.test', '[prod] échec Bcc: evil@x.test'],
    ['a\u202Eb\u2066c\u200Bd\uFEFFe', 'abcde'],
    ['a\u0000b\u001B[31mc\u009Fd', 'ab[31mcd'],
    ['half \ud83d end', 'half \ufffd end'],
    ['👨‍👩‍👧 ad\u200Dmin', '👨‍👩‍👧 admin'],
    ['  many   spaces\t\n here ', 'many spaces here'],
  ])('cleanLine %j', (text, expected) => {
    expect(cleanLine(text)).toBe(expected);
  });

  it('keeps lines and tabs of a text', () => {
    expect(cleanText('a\r\nb\rc\td\u2028e')).toBe('a\nb\nc\td\ne');
  });
});
