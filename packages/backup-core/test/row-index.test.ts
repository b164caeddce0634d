import fc from 'fast-check';
import { expect, it } from 'vitest';
import { rowIndex } from '../src/table/row-index.ts';

it('finds what a map finds', () => {
  // More than a thousand, so that it grows; of few letters, so that much of what is asked for is there.
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'ä', '\ud83c', '😀'), maxLength: 7 });
  fc.assert(
    fc.property(fc.uniqueArray(text, { maxLength: 2500, size: 'max' }), text, (texts, other) => {
      const index = rowIndex((row) => texts[row] ?? '');
      const map = new Map(texts.map((each, row) => [each, row]));
      for (const [row, each] of texts.entries()) index.add(each, row);
      for (const each of [...texts, other]) expect(index.find(each)).toBe(map.get(each) ?? null);
    }),
    { numRuns: 20 },
  );
});

it('tells texts apart that have one hash', () => {
  // By the birthday bound about seven pairs of these share a hash of 32 bits, whatever the seed.
  const count = 250_000;
  const textOf = (row: number) => `cards/${row.toString(36)}.png`;
  const index = rowIndex(textOf);
  for (let row = 0; row < count; row++) index.add(textOf(row), row);
  for (let row = 0; row < count; row++)
    if (index.find(textOf(row)) !== row) expect(index.find(textOf(row))).toBe(row);
  for (let row = count; row < 2 * count; row++)
    if (index.find(textOf(row)) !== null) expect.fail(`${textOf(row)} was never added`);
});
