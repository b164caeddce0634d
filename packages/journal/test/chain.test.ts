import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chainStart,
  checkHead,
  formatHead,
  formatLine,
  type JournalEvent,
  type NewEvent,
  parseJournal,
  sealEvent,
} from '../src/chain.ts';

const at = '2026-03-04T05:06:07.008Z';
const chainOf = (events: readonly NewEvent[]): JournalEvent[] => {
  const chain: JournalEvent[] = [];
  for (const event of events) chain.push(sealEvent(chain.at(-1) ?? chainStart, at, event));
  return chain;
};
const bytesOf = (lines: readonly JournalEvent[]) => Buffer.from(lines.map(formatLine).join(''));
const parse = (text: string | Buffer) => parseJournal(Buffer.from(text), 'journal.ndjson');

const anEvent: fc.Arbitrary<NewEvent> = fc.record({
  type: fc.string({ unit: 'grapheme', maxLength: 8 }),
  data: fc.jsonValue({ maxDepth: 2 }),
}) as fc.Arbitrary<NewEvent>;
const someEvents = fc.array(anEvent, { minLength: 2, maxLength: 6 });

describe('the chain', () => {
  it('has the shape that others can check without this package', () => {
    const [first, second] = chainOf([{ type: 'b.c', z: 1, a: [true] }, { type: 'next' }]);
    const canonical = `{"a":[true],"at":"${at}","format":1,"prev":"${'0'.repeat(64)}","seq":1,"type":"b.c","z":1}`;
    expect(first?.hash).toBe(createHash('sha256').update(canonical).digest('hex'));
    expect(second).toMatchObject({ seq: 2, prev: first?.hash, type: 'next' });
    expect(second).not.toHaveProperty('format');
    expect(Object.keys(first ?? {})).toEqual([
      'seq',
      'at',
      'prev',
      'format',
      'type',
      'z',
      'a',
      'hash',
    ]);
  });

  it.each(['seq', 'at', 'prev', 'hash', 'format'])('refuses an event that brings %s', (field) => {
    expect(() => sealEvent(chainStart, at, { type: 'x', [field]: 1 })).toThrow(
      expect.objectContaining({ code: 'not-json', data: { field } }),
    );
  });

  it('replaces half a character instead of stopping a run for it', () => {
    const event = { type: 'x', output: ['cut \ud83d'], constructor: { 'k\udc00': '\udc00' } };
    const sealed = sealEvent(chainStart, at, event as unknown as NewEvent);
    expect(sealed['output']).toEqual(['cut \ufffd']);
    expect(sealed['constructor']).toEqual({ 'k\ufffd': '\ufffd' });
  });

  it('reads back what it wrote', () => {
    fc.assert(
      fc.property(someEvents, (events) => {
        const lines = chainOf(events);
        const parsed = parse(bytesOf(lines));
        expect(JSON.stringify(parsed.events)).toBe(JSON.stringify(lines));
        expect(parsed.torn).toBe(false);
      }),
    );
  });

  const refusesAll = (change: (lines: string[], pick: (max: number) => number) => string[]) =>
    fc.assert(
      fc.property(
        someEvents,
        fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
        (events, dice) => {
          const lines = chainOf(events).map(formatLine);
          let thrown = 0;
          const changed = change([...lines], (max) => (dice[thrown++ % dice.length] ?? 0) % max);
          fc.pre(changed.join('') !== lines.join(''));
          expect(() => parse(changed.join(''))).toThrow(
            expect.objectContaining({ name: 'JournalError' }),
          );
        },
      ),
    );

  it('shows a removed line (but for whole lines off the end)', () => {
    refusesAll((lines, pick) => lines.toSpliced(pick(lines.length - 1), 1));
  });
  it('shows a line put in twice', () => {
    refusesAll((lines, pick) => {
      const index = pick(lines.length);
      return lines.toSpliced(pick(lines.length + 1), 0, lines[index] ?? '');
    });
  });
  it('shows a line put in that is sealed for its own place', () => {
    refusesAll((lines, pick) => {
      const index = pick(lines.length - 1);
      const before =
        index === 0 ? chainStart : (JSON.parse(lines[index - 1] ?? '') as JournalEvent);
      return lines.toSpliced(index, 0, formatLine(sealEvent(before, at, { type: 'forged' })));
    });
  });
  it('shows two lines that changed places', () => {
    refusesAll((lines, pick) => {
      const [one, other] = [pick(lines.length), pick(lines.length)];
      return lines.with(one, lines[other] ?? '').with(other, lines[one] ?? '');
    });
  });

  it('shows any byte changed, put in or taken out, but for a cut or missing last newline', () => {
    fc.assert(
      fc.property(
        someEvents,
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.nat(2),
        (events, where, byte, kind) => {
          const bytes = bytesOf(chainOf(events));
          const index = where % (bytes.length - 1);
          const added = kind === 0 ? [] : [byte];
          const changed = Buffer.concat([
            bytes.subarray(0, index),
            Buffer.from(added),
            bytes.subarray(kind === 1 ? index : index + 1),
          ]);
          fc.pre(!changed.equals(bytes));
          expect(() => parse(changed)).toThrow(expect.objectContaining({ name: 'JournalError' }));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('takes every cut of the last line for torn, and never for a whole line', () => {
    const lines = chainOf([{ type: 'one' }, { type: 'two', text: 'ü€😀' }]);
    const whole = bytesOf(lines.slice(0, 1));
    const bytes = bytesOf(lines);
    for (let length = whole.length + 1; length < bytes.length; length++) {
      const parsed = parse(bytes.subarray(0, length));
      expect(parsed).toMatchObject({ torn: true, wholeBytes: whole.length });
      expect(parsed.events).toHaveLength(1);
    }
  });

  it.each([
    ['a later format', { format: 2 }, 'format 2'],
    ['none', {}, 'format none'],
  ])('refuses %s by name', (_, format, named) => {
    const line = JSON.stringify({
      seq: 1,
      at,
      prev: '0'.repeat(64),
      ...format,
      type: 'x',
      hash: '',
    });
    expect(() => parse(`${line}\n`)).toThrow(
      expect.objectContaining({ code: 'unknown-format', message: expect.stringContaining(named) }),
    );
  });

  it.each([
    ['an empty line', '\n'],
    ['a list', '[]\n'],
    ['a byte order mark', `\ufeff${formatLine(chainOf([{ type: 'x' }])[0] as JournalEvent)}`],
    [
      'a number too large',
      '{"seq":1,"at":"","prev":"'.concat(
        '0'.repeat(64),
        '","format":1,"type":"x","n":1e400,"hash":""}\n',
      ),
    ],
  ])('says file and line of %s', (_, text) => {
    expect(() => parse(text)).toThrow(
      expect.objectContaining({
        code: 'broken',
        message: expect.stringContaining('journal.ndjson:1 '),
      }),
    );
  });

  it('shows a line whose value is right and whose text is not', () => {
    const line = formatLine(chainOf([{ type: 'x' }])[0] as JournalEvent);
    for (const changed of [line.replace('{', '{ '), line.replace('{', '{"type":"y",')])
      expect(() => parse(changed)).toThrow(/not as the journal writes it/);
  });

  it('shows a line that is sealed for another place', () => {
    const [first] = chainOf([{ type: 'x' }]) as [JournalEvent];
    const second = sealEvent({ seq: 4, hash: first.hash }, at, { type: 'y' });
    expect(() => parse(bytesOf([first, second]))).toThrow(/expected seq 2, got 5/);
  });

  it('holds a head that went out, also when lines followed, and shows lines cut off the end', () => {
    const lines = chainOf([{ type: 'a' }, { type: 'b' }, { type: 'c' }]);
    for (const line of lines) checkHead(lines, formatHead(line), 'j');
    checkHead(lines, formatHead(chainStart), 'j');
    const head = formatHead(lines[2] as JournalEvent);
    expect(() => checkHead(lines.slice(0, 2), head, 'j')).toThrow(/1 line\(s\) were cut off/);
    const other = chainOf([{ type: 'a' }, { type: 'b' }, { type: 'd' }]);
    expect(() => checkHead(other, head, 'j')).toThrow(
      expect.objectContaining({ code: 'head-differs' }),
    );
    for (const text of ['', '3', '3:abc', `03:${'0'.repeat(64)}`, `${head} `])
      expect(() => checkHead(lines, text, 'j')).toThrow(
        expect.objectContaining({ code: 'bad-head' }),
      );
  });
});
