import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { visible, visibleLine, visibleView } from '../src/words/visible.ts';

/** Whatever moves, colours, hides, turns or breaks. */
const acting =
  /[\p{Cc}\p{Cs}\u2028\u2029\u061C\u200B\u200E\u200F\u202A-\u202E\u2060-\u206F\uFEFF]/u;

describe('a text from outside', () => {
  test.each([
    ['\u001b]0;PWNED\u0007\u001b[2J', '\\x1b]0;PWNED\\x07\\x1b[2J'],
    ['1.0\r\n  release   1.1', '1.0\\n  release   1.1'],
    ['a\u202Egpj.exe', 'a\\u202egpj.exe'],
    ['\u009b31m', '\\x9b31m'],
    ['tag\u{E0041}', 'tag\\u{e0041}'],
    ['\uD800', '\\ud800'],
    ['👩‍🚒 café नमस्ते', '👩‍🚒 café नमस्ते'],
  ])('%j is %j', (text, shown) => {
    expect(visibleLine(text)).toBe(shown);
  });

  test('has no character that acts, whatever it is, and ends', () => {
    const texts = fc.string({ unit: 'binary', maxLength: 3000 });
    fc.assert(
      fc.property(texts, (text) => {
        expect(visibleLine(text)).not.toMatch(acting);
        expect(visible(text).replaceAll(/[\n\t]/g, '')).not.toMatch(acting);
      }),
    );
  });

  test('is cut between characters as a person counts them', () => {
    const family = '👨‍👩‍👧‍👦';
    const shown = visibleLine(family.repeat(300));
    expect(shown.endsWith('…')).toBe(true);
    expect(shown.slice(0, -1).replaceAll(family, '')).toBe('');
    expect(visibleLine('x'.repeat(201))).toBe(`${'x'.repeat(200)}…`);
    expect(visibleLine('x'.repeat(200))).toBe('x'.repeat(200));
    // Marks without end, on one letter.
    expect(visibleLine(`a${'\u0301'.repeat(100_000)}`).length).toBeLessThan(2000);
  });
});

test('a view keeps its own codes and shows all others', () => {
  const own = '\u001b[3A\r\u001b[J\u001b[1;32mok\u001b[0m\n\r\u001b[2Kline\n';
  expect(visibleView(own)).toBe(own);
  expect(visibleView(`${own}\u001b]0;x\u0007\u001b[2J`)).toBe(`${own}\\x1b]0;x\\x07\\x1b[2J`);
});
