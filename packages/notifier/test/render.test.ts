import { describe, expect, it } from 'vitest';
import {
  escapeSlack,
  renderDiscord,
  renderEmail,
  renderSlack,
  renderTeams,
  renderWebhook,
} from '../src/index.ts';
import { composeDiscord } from '../src/render/discord.ts';
import { composeSlack } from '../src/render/slack.ts';
import { composeTeams } from '../src/render/teams.ts';
import { bytes, checkDiscord, checkSlack } from './limits.ts';
import { message } from './messages.ts';

const many = <Item>(count: number, item: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => item(index));

describe('Slack', () => {
  it('escapes once, & first', () => {
    expect(escapeSlack('<!channel> a & b &lt;x&gt; <https://evil|ok>')).toBe(
      '&lt;!channel&gt; a &amp; b &amp;lt;x&amp;gt; &lt;https://evil|ok&gt;',
    );
  });

  it('cuts header, texts, fields and blocks to their limits and ends them with …', () => {
    const given = message({
      severity: 'info',
      title: 't'.repeat(151),
      summary: 's'.repeat(3001),
      facts: many(11, (index) => ({ name: `n${index}`, value: 'v' })),
      sections: [],
    });
    checkSlack(given);
    const { blocks } = renderSlack(given);
    expect(blocks[0]).toEqual({
      type: 'header',
      text: { type: 'plain_text', text: `${'t'.repeat(149)}…`, emoji: false },
    });
    expect(JSON.stringify(blocks[1])).toContain(`${'s'.repeat(2999)}…`);
    const fields = blocks.flatMap((block) => ('fields' in block ? [block.fields.length] : []));
    expect(fields).toEqual([10, 1]);
    expect(JSON.stringify(blocks.at(-1))).toContain('Truncated: texts shortened.');
    expect(composeSlack(given).isTruncated).toBe(true);
  });

  it('says how many of 51 sections and 40 facts it left out', () => {
    const given = message({
      facts: many(40, (index) => ({ name: `n${index}`, value: 'v' })),
      sections: many(51, (index) => ({ title: `s${index}`, text: 'x'.repeat(300) })),
    });
    checkSlack(given);
    expect(JSON.stringify(renderSlack(given).blocks.at(-1))).toMatch(
      /10 facts, \d+ sections left out/,
    );
  });

  it('says nothing of the sort where all is shown', () => {
    expect(JSON.stringify(renderSlack(message()))).not.toContain('Truncated');
    expect(composeSlack(message()).isTruncated).toBe(false);
  });

  it('never lets a bar, a bracket or a newline out of a link', () => {
    const text = JSON.stringify(
      renderSlack(message({ links: [{ title: 'a|b>\nc', url: 'https://x.test/?q=|<b>' }] })),
    );
    expect(text).toContain('<https://x.test/?q=%7C%3Cb%3E|a¦b&gt; c>');
  });
});

describe('Teams', () => {
  it.each([24_453, 28_673])('never sends a card of %i bytes', (size) => {
    const given = message({ sections: [{ title: 'Log', text: 'é'.repeat(size / 2) }] });
    const card = renderTeams(given);
    expect(bytes(card)).toBeLessThanOrEqual(18_000);
    expect(JSON.stringify(card)).toContain('Truncated: texts shortened.');
    expect(composeTeams(given).isTruncated).toBe(true);
  });

  it('has the envelope of a Workflow, only https actions, and no mention', () => {
    const card = renderTeams(
      message({
        title: '<at>all</at> [click](https://evil.test)',
        links: [
          { title: 'Report', url: 'https://x.test/' },
          { title: 'Plain', url: 'http://x.test/' },
        ],
      }),
    );
    expect(card.type).toBe('message');
    const [{ content, contentType }] = card.attachments;
    expect(contentType).toBe('application/vnd.microsoft.card.adaptive');
    expect(content.version).toBe('1.4');
    expect(content.msteams).toEqual({ width: 'full' });
    expect(content.actions).toEqual([
      { type: 'Action.OpenUrl', title: 'Report', url: 'https://x.test/' },
    ]);
    const text = JSON.stringify(content.body);
    expect(text).toContain('\\\\[click\\\\]\\\\(https://evil.test\\\\)');
    expect(text).toContain('http://x.test/');
    expect(content.body[0]).toMatchObject({ color: 'Attention', weight: 'Bolder' });
  });
});

describe('Discord', () => {
  it('pings nobody, whatever an event says', () => {
    const payload = renderDiscord(
      message({ title: '@everyone <@1> <@&2>', summary: '[x](https://evil.test)' }),
    );
    expect(JSON.stringify(payload)).toContain('"allowed_mentions":{"parse":[]}');
    expect(payload).not.toHaveProperty('content');
    expect(payload.embeds[0].title).toContain('\\<@1\\>');
    expect(payload.embeds[0].description).toContain('\\[x\\]\\(https://evil.test\\)');
  });

  it('keeps 26 fields, names, values, title and description within their limits', () => {
    const given = message({
      title: 't'.repeat(257),
      summary: 's'.repeat(4097),
      facts: [
        { name: 'n'.repeat(257), value: 'v'.repeat(1025) },
        ...many(25, (index) => ({ name: `n${index}`, value: 'v' })),
      ],
    });
    checkDiscord(given);
    expect(renderDiscord(given).embeds[0].description).toMatch(
      /Truncated: .*left out; texts shortened/,
    );
    expect(composeDiscord(given).isTruncated).toBe(true);
  });

  it('keeps title, description and fields together within 6000', () => {
    checkDiscord(
      message({
        summary: 's'.repeat(3000),
        sections: [{ title: 'a', text: 'x'.repeat(3000) }],
        facts: many(25, (index) => ({ name: `n${index}`, value: 'v'.repeat(300) })),
      }),
    );
  });

  it('keeps links and the note of what is missing when the text is cut', () => {
    const { description } = renderDiscord(message({ summary: '*'.repeat(5000) })).embeds[0];
    expect(description).toContain('[Report](https://example.test/report?a=1&b=2)');
    expect(description).toContain('Truncated');
    expect(description?.length).toBeLessThanOrEqual(4096);
  });
});

describe('email', () => {
  it('escapes all five entities and makes only http(s) links clickable', () => {
    const { html, text } = renderEmail(
      message({
        title: `<b>&"'`,
        links: [
          { title: 'ok', url: 'https://x.test/?a=1&b="' },
          { title: 'bad', url: 'javascript:alert(1)' },
        ],
      }),
    );
    expect(html).toContain('&lt;b&gt;&amp;&quot;&#39;');
    expect(html).toContain('href="https://x.test/?a=1&amp;b=%22"');
    expect(html.match(/href=/g)).toHaveLength(1);
    expect(text).toContain('javascript:alert(1)');
  });
});

describe('webhook', () => {
  it('is the message in the envelope of Standard Webhooks', () => {
    const given = message();
    expect(renderWebhook(given)).toEqual({
      type: 'rollout.gate_break',
      timestamp: '2026-11-23T20:00:00.000Z',
      data: given,
    });
  });

  it('says in its data what did not fit in 20,000 bytes', () => {
    const { data } = renderWebhook(
      message({ sections: [{ title: 'l', text: 'x'.repeat(30_000) }] }),
    );
    expect(data.truncated).toBe('Truncated: texts shortened.');
  });
});
