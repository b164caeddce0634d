import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Message,
  renderDiscord,
  renderSlack,
  renderTeams,
  renderWebhook,
} from '../src/index.ts';
import { checkDiscord, checkOthers, checkSlack } from './limits.ts';

const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc.string({ unit: 'grapheme', maxLength: 60 }).map((text) => text.repeat(80)),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '<!channel>',
      '@everyone <@1> <@&2>',
      '<script>alert(1)</script>',
      '\u202Eabc',
      '`'.repeat(5000),
      '"\\'.repeat(3000),
      '👍'.repeat(3000),
      '\ud800'.repeat(2000),
      '<'.repeat(4000),
    ),
  },
);

const anyMessage: fc.Arbitrary<Message> = fc.record({
  id: fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/),
  event: fc.constantFrom('gate-break', 't-plus-5', 'test'),
  severity: fc.constantFrom('info', 'warning', 'critical'),
  title: anyText,
  summary: anyText,
  facts: fc.array(fc.record({ name: anyText, value: anyText }), { maxLength: 40 }),
  sections: fc.array(fc.record({ title: anyText, text: anyText }), { maxLength: 60 }),
  links: fc.array(
    fc.record({
      title: anyText,
      url: fc.oneof(
        fc.webUrl({ withQueryParameters: true }),
        fc.constantFrom(
          'javascript:alert(1)',
          'http://a.test/x',
          'https://u:p@a.test/',
          'nonsense',
          `https://a.test/${'x'.repeat(4000)}`,
        ),
      ),
    }),
    { maxLength: 15 },
  ),
  at: fc.constant('2026-11-23T20:00:00.000Z'),
  run: fc.option(anyText),
  acts: fc.option(
    fc.oneof(
      fc.record({ who: fc.constantFrom('tool acts', 'tool has acted'), what: anyText }),
      fc.record({
        who: fc.constant('you must' as const),
        what: anyText,
        commands: fc.array(anyText, { maxLength: 8 }),
      }),
    ),
    { nil: undefined },
  ),
  situation: fc.option(
    fc.record({
      serving: fc.option(anyText),
      downtimeMs: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true })),
      rowsSetAside: fc.option(fc.nat()),
      host: fc.option(anyText),
      operator: fc.option(anyText),
    }),
    { nil: undefined },
  ),
});

it('any message is within every limit of every channel, valid, and survives JSON', () => {
  fc.assert(
    fc.property(anyMessage, (given) => {
      checkSlack(given);
      checkDiscord(given);
      checkOthers(given);
      const payloads = [renderSlack, renderTeams, renderDiscord, renderWebhook];
      for (const render of payloads) {
        const payload = render(given);
        const text = JSON.stringify(payload);
        expect(JSON.parse(text)).toEqual(payload);
        // Half a surrogate would stand as an escape.
        expect(text).not.toMatch(/[^\\](\\\\)*\\ud[89a-f]/);
      }
    }),
    { numRuns: 100 },
  );
});
