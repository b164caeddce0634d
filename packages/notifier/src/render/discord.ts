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

// Limits: discord-api-docs resources/message.mdx (embed limits), NOTIFY.md 1.3.
const titleLimit = 256;
const descriptionLimit = 4096;
const fieldNameLimit = 256;
const fieldValueLimit = 1024;
const footerLimit = 2048;
/** Title, description, fields and footer of all embeds together. */
const embedSumLimit = 6000;
const caps = { facts: 25, sections: 20, links: 10 };
/** A value at most this long may share its row with others. */
const inlineLength = 40;
const urlLimit = 1000;
const labelLimit = 100;

/** Body of a POST to a webhook: one embed, and nobody is ever mentioned. */
export interface DiscordPayload {
  readonly embeds: readonly [
    {
      readonly title: string;
      readonly description?: string;
      readonly color: number;
      readonly fields: readonly {
        readonly name: string;
        readonly value: string;
        readonly inline: boolean;
      }[];
      readonly footer: { readonly text: string };
      readonly timestamp: string;
    },
  ];
  readonly allowed_mentions: { readonly parse: readonly never[] };
}

/** Backslashes before every character that Discord's markdown knows. */
const escapeDiscord = (text: string): string => text.replace(/[\\*_~`|>#\-[\]()<]/g, '\\$&');

const markdownUrl = (url: string): string =>
  url.replace(/[()<>\\]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);

/** A block of code ends at three backticks, and no escape keeps them in. */
const code = (text: string): string => text.replaceAll('`', 'ˋ');

const actsText = ({ acts }: View): string =>
  acts === null
    ? ''
    : [
        `**${acts.heading}:** ${escapeDiscord(acts.what)}`,
        ...acts.commands.map((command) => `\`\`\`\n${code(command)}\n\`\`\``),
      ].join('\n');

const build = (view: View) => {
  const { fit, isShortened } = startFitting();
  const look = severityLook[view.severity];
  const title = fit(`${look.symbol}${view.title}`, titleLimit, escapeDiscord);
  const fields = view.facts.map(({ name, value }) => ({
    name: fit(name, fieldNameLimit, escapeDiscord),
    value: fit(value, fieldValueLimit, escapeDiscord),
    inline: value.length <= inlineLength && !value.includes('\n'),
  }));
  const footer = fit(footerLine(view), footerLimit);
  const usable = view.links.filter(({ url }) => markdownUrl(url).length <= urlLimit);
  const linkLines = usable.map(
    ({ title: label, url }) => `[${fit(label, labelLimit, escapeDiscord)}](${markdownUrl(url)})`,
  );
  const leftOut = {
    ...view.leftOut,
    links: view.leftOut.links + view.links.length - usable.length,
  };
  const tail = (isCut: boolean): string => {
    const sentence = leftOutSentence(leftOut, isCut);
    return [
      ...linkLines,
      ...(sentence === null ? [] : [escapeDiscord(sentence)]),
      ...view.notes.map((note) => fit(note, fieldNameLimit, escapeDiscord)),
    ].join('\n');
  };
  const actsPart = actsText(view);
  const content = [
    ...(view.summary === '' ? [] : [view.summary]),
    ...view.sections.map(({ title: heading, text }) =>
      heading === '' ? text : `${heading}\n${text}`,
    ),
  ];
  // The tail (links, what was left out) is never what gets cut, so its room is kept for it.
  const room = Math.max(0, descriptionLimit - tail(true).length - actsPart.length - 4);
  const sections = view.sections.map(({ title: heading, text }) => {
    const bold = heading === '' ? '' : `**${fit(heading, fieldNameLimit, escapeDiscord)}**\n`;
    return bold + escapeDiscord(text);
  });
  const blocks = [...(view.summary === '' ? [] : [escapeDiscord(view.summary)]), ...sections];
  const whole = blocks.join('\n\n');
  const withTail = (body: string, isCut: boolean): string =>
    [actsPart, body, tail(isCut || isShortened())]
      .filter((part) => part !== '')
      .join('\n\n')
      .trim();
  const isCut = withTail(whole, false).length > descriptionLimit;
  // Cut text loses its headings' weight: a bold mark without its end would show as an asterisk.
  const body = isCut ? fit(content.join('\n\n'), room, escapeDiscord) : whole;
  const description = withTail(body, isCut);
  const payload: DiscordPayload = {
    embeds: [
      {
        title,
        ...(description === '' ? {} : { description }),
        color: look.rgb,
        fields,
        footer: { text: footer },
        timestamp: new Date(view.at).toISOString(),
      },
    ],
    allowed_mentions: { parse: [] },
  };
  return { payload, isShortened: leftOutSentence(leftOut, isShortened()) !== null };
};

const embedSum = ({ embeds: [embed] }: DiscordPayload): number =>
  embed.title.length +
  (embed.description?.length ?? 0) +
  embed.footer.text.length +
  embed.fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0);

/** Over the sum, or with a description that is all tail and too long: both ask for less. */
const sizeOf = (payload: DiscordPayload): number =>
  (payload.embeds[0].description?.length ?? 0) > descriptionLimit
    ? Number.POSITIVE_INFINITY
    : embedSum(payload);

/** {@link renderDiscord}, with whether anything was left out. */
export const composeDiscord = (
  message: Message,
  notes: readonly string[] = [],
): Composed<DiscordPayload> =>
  composeWithin(viewOf(message, caps, notes), embedSumLimit, build, sizeOf);

/** One embed within every limit of Discord's, with `allowed_mentions: { parse: [] }`. */
export const renderDiscord = (message: Message, notes: readonly string[] = []): DiscordPayload =>
  composeDiscord(message, notes).payload;
