import type { Message } from '../message.ts';
import { utf8Bytes } from '../text/cut.ts';
import { emailHtml } from './email-html.ts';
import { footerLine, severityLook } from './severity-look.ts';
import {
  type Composed,
  composeWithin,
  leftOutSentence,
  startFitting,
  type View,
  viewOf,
} from './view.ts';

const subjectLimit = 200;
/** Gmail shows the first 102 kB of a message's HTML and hides the rest. */
const emailHtmlBudgetBytes = 90_000;
const caps = { facts: 200, sections: 100, links: 20 };

/** What a mail says; who gets it and its Message-ID are the channel's. */
export interface EmailContent {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const paragraph = (text: string): string[] => (text === '' ? [] : [text]);

const actsText = ({ acts }: View): string =>
  acts === null
    ? ''
    : [`${acts.heading}: ${acts.what}`, ...acts.commands.map((command) => `  ${command}`)].join(
        '\n',
      );

/** Plain text that reads well by itself, facts aligned, links written out. */
const plainText = (view: View, small: readonly string[]): string => {
  const width = Math.min(24, Math.max(0, ...view.facts.map(({ name }) => name.length)));
  const facts = view.facts
    .map(({ name, value }) => `${`${name}:`.padEnd(width + 2)}${value.replaceAll('\n', '\n  ')}`)
    .join('\n');
  const sections = view.sections.map(({ title, text }) =>
    title === '' ? text : `${title}\n${'-'.repeat(Math.min(60, title.length))}\n${text}`,
  );
  const links = view.links.map(({ title, url }) => `${title}: ${url}`).join('\n');
  return `${[
    `${view.title}\n[${severityLook[view.severity].word}]`,
    ...paragraph(actsText(view)),
    ...paragraph(view.summary),
    ...paragraph(facts),
    ...sections,
    ...paragraph(links),
    [...small, footerLine(view)].join('\n'),
  ].join('\n\n')}\n`;
};

const build = (view: View) => {
  const { fit, isShortened } = startFitting();
  const subject = fit(view.title, subjectLimit);
  const leftOut = leftOutSentence(view.leftOut, isShortened());
  const small = [...(leftOut === null ? [] : [leftOut]), ...view.notes];
  const payload: EmailContent = {
    subject,
    text: plainText(view, small),
    html: emailHtml(view, small),
  };
  return { payload, isShortened: leftOut !== null };
};

/** {@link renderEmail}, with whether anything was left out. */
export const composeEmail = (
  message: Message,
  notes: readonly string[] = [],
): Composed<EmailContent> =>
  composeWithin(viewOf(message, caps, notes), emailHtmlBudgetBytes, build, ({ html }) =>
    utf8Bytes(html),
  );

/** Subject (one line, at most 200), plain text and HTML (at most 90,000 bytes). */
export const renderEmail = (message: Message, notes: readonly string[] = []): EmailContent =>
  composeEmail(message, notes).payload;
