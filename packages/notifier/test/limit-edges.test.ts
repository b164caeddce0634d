import { describe, expect, it } from 'vitest';
import type { Message } from '../src/index.ts';
import { composeDiscord } from '../src/render/discord.ts';
import { composeSlack } from '../src/render/slack.ts';
import { composeTeams } from '../src/render/teams.ts';
import type { Composed } from '../src/render/view.ts';
import { composeWebhook } from '../src/render/webhook.ts';
import { bytes } from './limits.ts';
import { message } from './messages.ts';

/** Nothing in it but what a case puts there: `info` adds no symbol to the title. */
const bare: Partial<Message> = {
  severity: 'info',
  title: 't',
  summary: '',
  facts: [],
  sections: [],
  links: [],
};
const given = (change: Partial<Message>): Message => message({ ...bare, ...change });
const x = (length: number): string => 'x'.repeat(length);

interface Edge {
  readonly name: string;
  readonly limit: number;
  /** Renders a message whose field, as it is sent, would have `size` in the limit's own unit. */
  readonly render: (size: number) => Composed<unknown>;
  /** The field's size in what is sent. */
  readonly sizeIn: (payload: never) => number;
}

const edge = <Payload>(
  name: string,
  limit: number,
  render: (size: number) => Composed<Payload>,
  sizeIn: (payload: Payload) => number,
): Edge => ({ name, limit, render, sizeIn: sizeIn as Edge['sizeIn'] });

const lengthOf = (value: unknown): number => (typeof value === 'string' ? value.length : 0);

/** A text of the block at this place. */
const slack = (size: (n: number) => Partial<Message>, at: number) => ({
  render: (n: number) => composeSlack(given(size(n))),
  sizeIn: ({ blocks }: ReturnType<typeof composeSlack>['payload']): number => {
    const block = blocks[at];
    if (block === undefined) return 0;
    if ('fields' in block) return lengthOf(block.fields[0]?.text);
    return 'text' in block ? block.text.text.length : 0;
  },
});
const slackEdge = (
  name: string,
  limit: number,
  { render, sizeIn }: ReturnType<typeof slack>,
): Edge => edge(`slack: ${name}`, limit, render, sizeIn);

const embedOf = (change: Partial<Message>) => composeDiscord(given(change));
type Embed = ReturnType<typeof composeDiscord>['payload'];
const footer = composeDiscord(given({})).payload.embeds[0].footer.text.length;

/** Discord's sum over all, from a summary, a title and facts that are each within their own limits. */
const discordSum = (size: number): Composed<Embed> => {
  const facts = Array.from({ length: 3 }, () => ({ name: 'n', value: x(1024) }));
  const rest = 1 + footer + 3 * 1025;
  return embedOf({ facts, summary: x(size - rest) });
};
const sumOf = ({ embeds: [embed] }: Embed): number =>
  embed.title.length +
  lengthOf(embed.description) +
  embed.footer.text.length +
  embed.fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);

/** A payload of just so many bytes: a summary fills what the rest leaves. */
const filled =
  (compose: (message: Message) => Composed<unknown>) =>
  (size: number): Composed<unknown> => {
    const empty = bytes(compose(given({ summary: 'x', facts: [] })).payload) - 1;
    const parts = [{ name: 'n', value: x(1000) }];
    const withFact = bytes(compose(given({ summary: 'x', facts: parts })).payload) - 1;
    expect(withFact).toBeGreaterThan(empty);
    return compose(given({ summary: x(size - withFact), facts: parts }));
  };
const teamsFilled = (size: number) => {
  // Two sections beside the summary, since each text has a limit of its own.
  const sections = [{ title: '', text: x(8000) }];
  const rest = bytes(composeTeams(given({ summary: 'x', sections })).payload) - 1;
  return composeTeams(given({ summary: x(size - rest), sections }));
};

const edges: readonly Edge[] = [
  slackEdge(
    'header 150',
    150,
    slack((n) => ({ title: x(n) }), 0),
  ),
  slackEdge(
    'summary 3000',
    3000,
    slack((n) => ({ summary: x(n) }), 1),
  ),
  slackEdge(
    'field 2000',
    2000,
    slack((n) => ({ facts: [{ name: 'n', value: x(n - '*n*\n'.length) }] }), 1),
  ),
  slackEdge(
    'section 3000',
    3000,
    slack((n) => ({ sections: [{ title: 's', text: x(n - '*s*\n'.length) }] }), 1),
  ),
  edge(
    'discord: title 256',
    256,
    (n) => embedOf({ title: x(n) }),
    ({ embeds: [{ title }] }) => title.length,
  ),
  edge(
    'discord: field name 256',
    256,
    (n) => embedOf({ facts: [{ name: x(n), value: 'v' }] }),
    ({ embeds: [{ fields }] }) => lengthOf(fields[0]?.name),
  ),
  edge(
    'discord: field value 1024',
    1024,
    (n) => embedOf({ facts: [{ name: 'n', value: x(n) }] }),
    ({ embeds: [{ fields }] }) => lengthOf(fields[0]?.value),
  ),
  edge(
    'discord: description 4096',
    4096,
    (n) => embedOf({ summary: x(n) }),
    ({ embeds: [{ description }] }) => lengthOf(description),
  ),
  edge(
    'discord: 25 fields',
    25,
    (n) => embedOf({ facts: Array.from({ length: n }, () => ({ name: 'n', value: 'v' })) }),
    ({ embeds: [{ fields }] }) => fields.length,
  ),
  edge('discord: 6000 in all', 6000, discordSum, sumOf),
  edge('teams: 18,000 bytes', 18_000, teamsFilled, bytes),
  edge('webhook: 20,000 bytes', 20_000, filled(composeWebhook), bytes),
];

describe.each(edges)('$name', ({ limit, render, sizeIn }) => {
  it.each([limit - 1, limit])('%i is sent whole', (size) => {
    const { payload, isTruncated } = render(size);
    expect({ size: sizeIn(payload as never), isTruncated }).toEqual({ size, isTruncated: false });
  });

  it('one more is cut to the limit, and said', () => {
    const { payload, isTruncated } = render(limit + 1);
    expect(sizeIn(payload as never)).toBeLessThanOrEqual(limit);
    expect(isTruncated).toBe(true);
    expect(JSON.stringify(payload)).toMatch(/(T|t)runcated/);
  });
});

it('discord: an address too long for a link is left out, said, and in the receipt', () => {
  const url = `https://a.test/${x(1000)}`;
  const { payload, isTruncated } = embedOf({ links: [{ title: 'Report', url }] });
  expect(payload.embeds[0].description).toContain('1 link left out');
  expect(isTruncated).toBe(true);
});
