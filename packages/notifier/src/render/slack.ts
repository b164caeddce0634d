import type { Message } from '../message.ts';
import { footerLine, severityLook } from './severity-look.ts';
import {
  type Composed,
  composeWithin,
  leftOutSentence,
  startFitting,
  type View,
  viewOf,
} from './view.ts';

// Limits: node-slack-sdk packages/types/src/block-kit (JSDoc = docs.slack.dev), NOTIFY.md 1.1.
const headerLimit = 150;
const textLimit = 3000;
const fieldLimit = 2000;
const fieldsPerSection = 10;
const linkUrlLimit = 2500;
const linkLabelLimit = 200;
/** Blocks per message are 50; what is not a section: a head, who acts, a summary, 3 of facts, 10 links, a context. */
const sectionsCap = 33;
const factsCap = 30;
const linksCap = 10;
/** `msg_blocks_too_long` was seen at 13,297 characters of blocks (bolt-js#2509). */
const blocksBudget = 12_000;
/** Slack cuts `text` at 40,000; a notification shows far less. */
const fallbackLimit = 1000;

type SlackText =
  | { readonly type: 'plain_text'; readonly text: string; readonly emoji: false }
  | { readonly type: 'mrkdwn'; readonly text: string; readonly verbatim: true };

/** A Block Kit block, of the few kinds used here. */
export type SlackBlock =
  | { readonly type: 'header'; readonly text: SlackText }
  | { readonly type: 'section'; readonly text: SlackText }
  | { readonly type: 'section'; readonly fields: readonly SlackText[] }
  | { readonly type: 'context'; readonly elements: readonly SlackText[] };

/** Body of a POST to an incoming webhook. */
export interface SlackPayload {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Slack's three entities, in one pass: all of its special syntax lives inside `<…>`. */
export const escapeSlack = (text: string): string =>
  text.replace(/[&<>]/g, (character) => entities[character] ?? character);

/**
 * Plain text is shown as it is, so it may not be escaped; should some reader of it parse it all the
 * same, no mention comes of it. Keeps the length.
 */
const inert = (text: string): string => text.replace(/<(?=[!@#])/g, '‹');
const plain = (text: string): SlackText => ({
  type: 'plain_text',
  text: inert(text),
  emoji: false,
});
/** `verbatim`: bare addresses and names in values from outside are not made clickable. */
const mrkdwn = (text: string): SlackText => ({ type: 'mrkdwn', text, verbatim: true });

const slackUrl = (url: string): string =>
  url.replace(/[|<>]/g, (character) => encodeURIComponent(character)).replaceAll('&', '&amp;');

/** A block of code ends at three backticks, and no escape keeps them in. */
const code = (text: string): string => escapeSlack(text.replaceAll('`', 'ˋ'));

const whatLimit = 800;
const commandLimit = 450;

const actsBlocks = (
  { acts }: View,
  fit: (text: string, limit: number, escapeWith: (text: string) => string) => string,
): SlackBlock[] =>
  acts === null
    ? []
    : [
        {
          type: 'section',
          text: mrkdwn(
            [
              `*${acts.heading}:* ${fit(acts.what, whatLimit, escapeSlack)}`,
              ...acts.commands.map((command) => `\`\`\`${fit(command, commandLimit, code)}\`\`\``),
            ].join('\n'),
          ),
        },
      ];

const build = (view: View) => {
  const { fit, isShortened } = startFitting();
  const { symbol } = severityLook[view.severity];
  const title = fit(`${symbol}${view.title}`, headerLimit);
  const fields = view.facts.map(({ name, value }) => {
    const label = fit(name, linkLabelLimit, escapeSlack);
    return mrkdwn(`*${label}*\n${fit(value, fieldLimit - label.length - 3, escapeSlack)}`);
  });
  const fieldBlocks: SlackBlock[] = [];
  for (let start = 0; start < fields.length; start += fieldsPerSection)
    fieldBlocks.push({ type: 'section', fields: fields.slice(start, start + fieldsPerSection) });
  const sections = view.sections.map((section): SlackBlock => {
    const label = fit(section.title, linkLabelLimit, escapeSlack);
    const heading = label === '' ? '' : `*${label}*\n`;
    return {
      type: 'section',
      text: mrkdwn(heading + fit(section.text, textLimit - heading.length, escapeSlack)),
    };
  });
  const usable = view.links.filter(({ url }) => slackUrl(url).length <= linkUrlLimit);
  const linkLines = usable.map(
    ({ title: label, url }) =>
      `<${slackUrl(url)}|${fit(label.replaceAll('|', '¦'), linkLabelLimit, escapeSlack)}>`,
  );
  const acts = actsBlocks(view, fit);
  const summary = view.summary === '' ? [] : [plain(fit(view.summary, textLimit))];
  const leftOut = leftOutSentence(
    { ...view.leftOut, links: view.leftOut.links + view.links.length - usable.length },
    isShortened(),
  );
  const context = [...(leftOut === null ? [] : [leftOut]), ...view.notes, footerLine(view)].map(
    (line) => plain(fit(line, textLimit)),
  );
  const blocks: SlackBlock[] = [
    { type: 'header', text: plain(title) },
    ...acts,
    ...summary.map((text): SlackBlock => ({ type: 'section', text })),
    ...fieldBlocks,
    ...sections,
    // One block a link: together they could pass a text's limit.
    ...linkLines.map((line): SlackBlock => ({ type: 'section', text: mrkdwn(line) })),
    { type: 'context', elements: context.slice(0, 10) },
  ];
  const text = fit(
    [
      `${symbol}${view.title}`,
      ...(view.acts === null ? [] : [`${view.acts.heading}: ${view.acts.what}`]),
      ...(view.summary === '' ? [] : [view.summary]),
    ].join(': '),
    fallbackLimit,
    escapeSlack,
  );
  const payload: SlackPayload = { text, blocks, unfurl_links: false, unfurl_media: false };
  return { payload, isShortened: leftOut !== null };
};

/** {@link renderSlack}, with whether anything was left out. */
export const composeSlack = (
  message: Message,
  notes: readonly string[] = [],
): Composed<SlackPayload> =>
  composeWithin(
    viewOf(message, { facts: factsCap, sections: sectionsCap, links: linksCap }, notes),
    blocksBudget,
    build,
    ({ blocks }) => JSON.stringify(blocks).length,
  );

/** Blocks plus fallback text, within Slack's limits; what was left out is said in the last block. */
export const renderSlack = (message: Message, notes: readonly string[] = []): SlackPayload =>
  composeSlack(message, notes).payload;
