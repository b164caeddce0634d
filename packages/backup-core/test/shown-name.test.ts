import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shownName } from '../src/shown-name.ts';

describe('a name in a message', () => {
  it.each([
    { what: 'a short one', name: 'images/1.jpg', shown: '"images/1.jpg"' },
    { what: 'as many as fit', name: 'a'.repeat(120), shown: `"${'a'.repeat(120)}"` },
    { what: 'one more', name: 'a'.repeat(121), shown: `"${'a'.repeat(120)}"…` },
    {
      what: 'the longest that a zip can hold',
      name: 'a'.repeat(65_535),
      shown: `"${'a'.repeat(120)}"…`,
    },
    {
      what: 'characters of several units',
      name: '👩‍👩‍👧'.repeat(121),
      shown: `"${'👩‍👩‍👧'.repeat(120)}"…`,
    },
  ])('$what', ({ name, shown }) => {
    expect(shownName(name)).toBe(shown);
  });

  it('is short, whatever it is made of', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 3000 }), (name) => {
        // Six times: as JSON writes a control character.
        expect(shownName(name).length).toBeLessThanOrEqual(6 * 960 + 3);
      }),
    );
    expect(shownName(`e${'\u0301'.repeat(65_000)}`).length).toBeLessThanOrEqual(963);
  });
});
