import { expect } from 'vitest';
import {
  type Message,
  renderDiscord,
  renderEmail,
  renderSlack,
  renderTeams,
  renderWebhook,
} from '../src/index.ts';

/** Size of a payload on the wire. */
export const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value), 'utf8');

/** Slack's limits, written down apart from the renderer's. */
export const checkSlack = (given: Message): void => {
  const { text, blocks } = renderSlack(given);
  expect(text).toMatch(/\S/);
  expect(text).not.toMatch(/[<>]/);
  expect(text.length).toBeLessThanOrEqual(40_000);
  expect(blocks.length).toBeLessThanOrEqual(50);
  expect(JSON.stringify(blocks).length).toBeLessThanOrEqual(12_000);
  for (const block of blocks) {
    if (block.type === 'header') expect(block.text.text.length).toBeLessThanOrEqual(150);
    const texts =
      'fields' in block ? block.fields : 'elements' in block ? block.elements : [block.text];
    expect(texts.length).toBeLessThanOrEqual(10);
    for (const { text: content } of texts) {
      expect(content.length).toBeGreaterThan(0);
      expect(content.length).toBeLessThanOrEqual('fields' in block ? 2000 : 3000);
      expect(content).not.toMatch(/<[!@#]/);
    }
  }
};

/** Discord's limits. */
export const checkDiscord = (given: Message): void => {
  const payload = renderDiscord(given);
  const [embed] = payload.embeds;
  expect(payload.allowed_mentions).toEqual({ parse: [] });
  expect(embed.title.trim()).not.toBe('');
  expect(embed.title.length).toBeLessThanOrEqual(256);
  expect(embed.description?.length ?? 0).toBeLessThanOrEqual(4096);
  expect(embed.fields.length).toBeLessThanOrEqual(25);
  for (const { name, value } of embed.fields) {
    expect(name.trim()).not.toBe('');
    expect(name.length).toBeLessThanOrEqual(256);
    expect(value.trim()).not.toBe('');
    expect(value.length).toBeLessThanOrEqual(1024);
  }
  const sum =
    embed.title.length +
    (embed.description?.length ?? 0) +
    embed.footer.text.length +
    embed.fields.reduce((total, { name, value }) => total + name.length + value.length, 0);
  expect(sum).toBeLessThanOrEqual(6000);
  expect(Number.isInteger(embed.color)).toBe(true);
};

/** The limits of Teams, webhooks and email. */
export const checkOthers = (given: Message): void => {
  const teams = renderTeams(given);
  expect(bytes(teams)).toBeLessThanOrEqual(18_000);
  for (const { url } of teams.attachments[0].content.actions) expect(url).toMatch(/^https:/);
  expect(bytes(renderWebhook(given))).toBeLessThanOrEqual(20_000);
  const { subject, html, text } = renderEmail(given);
  expect(subject).not.toMatch(/[\r\n]/);
  expect(Buffer.byteLength(html)).toBeLessThanOrEqual(90_000);
  expect(html).not.toMatch(/<script|href="javascript:/i);
  expect(text).not.toBe('');
};
