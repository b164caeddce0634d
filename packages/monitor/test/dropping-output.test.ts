import fc from 'fast-check';
import { expect, it } from 'vitest';
import { droppingOutput } from '../src/output/dropping-output.ts';

/** A reader that takes `room` bytes and then no more, until it is given more. */
const reader = (room: number) => {
  const state = { room, text: '', gone: false };
  return {
    state,
    writeSome: (bytes: Buffer): number | 'full' | 'gone' => {
      if (state.gone) return 'gone';
      if (state.room === 0) return 'full';
      const count = Math.min(state.room, bytes.length);
      state.room -= count;
      state.text += bytes.subarray(0, count).toString('latin1');
      return count;
    },
  };
};

it('writes at once where somebody reads', () => {
  const { state, writeSome } = reader(1e9);
  const output = droppingOutput(writeSome);
  expect(output.write('a')).toBe(true);
  expect(output.isBusy()).toBe(false);
  expect(state.text).toBe('a');
});

it('keeps what waits, drops what does not fit, and catches up', async () => {
  const { state, writeSome } = reader(3);
  const output = droppingOutput(writeSome, { mostBytes: 10 });
  expect(['one\n', 'two\n', 'three\n', 'four\n'].map(output.write)).toEqual([
    true,
    true,
    false,
    true,
  ]);
  expect(output.isBusy()).toBe(true);
  expect(output.dropped()).toBe(1);
  state.room = 1000;
  expect(await output.end(10_000)).toBe('written');
  expect(state.text).toBe('one\ntwo\nfour\n');
});

it('gives up at its end where nobody reads, and writes nothing more', async () => {
  const { state, writeSome } = reader(0);
  const output = droppingOutput(writeSome);
  output.write('a');
  expect(await output.end(1)).toBe('given up');
  expect(output.write('b')).toBe(false);
  expect(state.text).toBe('');
});

it('goes on without a reader that is gone', () => {
  const { state, writeSome } = reader(100);
  const output = droppingOutput(writeSome);
  state.gone = true;
  output.write('a');
  expect(output.write('b')).toBe(false);
  expect(output.isBusy()).toBe(false);
});

it('takes one text of any length where nothing waits', () => {
  const { writeSome } = reader(0);
  const output = droppingOutput(writeSome, { mostBytes: 10 });
  expect(output.write('x'.repeat(1000))).toBe(true);
  expect(output.write('x')).toBe(false);
});

it('never changes the order of what it took, nor cuts a text', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme-ascii', minLength: 1 }), fc.nat(8))),
      (steps) => {
        const { state, writeSome } = reader(0);
        const output = droppingOutput(writeSome, { mostBytes: 40 });
        let taken = '';
        for (const [text, room] of steps) {
          state.room += room;
          if (output.write(`<${text}>`)) taken += `<${text}>`;
        }
        expect(taken.startsWith(state.text)).toBe(true);
      },
    ),
  );
});
