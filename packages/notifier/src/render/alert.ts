import { actsHeading, commandsOf } from '../acts.ts';
import type { Message, Severity } from '../message.ts';
import { cleanLine, cleanText } from '../text/clean.ts';
import { fitText } from '../text/cut.ts';
import { safeUrl } from '../text/links.ts';
import { type View, viewOf } from './view.ts';

/** What an alerting service is told by a message. */
export type AlertAction = 'open' | 'close' | 'nothing';

/** After these nothing is wrong any more. A test closes what was never open: it shows the way, and pages nobody. */
const closing = new Set(['success', 'rollback-done', 'test']);

/** Warnings and worse open an alert, the end of a run closes it; what only tells of progress is no alert. */
export const alertActionOf = ({ event, severity }: Message): AlertAction =>
  closing.has(event) ? 'close' : severity === 'info' ? 'nothing' : 'open';

const longestKey = 200;

/** One alert a run; a message of a person is one by itself. */
export const alertKeyOf = ({ run, id }: Message): string =>
  `dhash-rollout:${fitText(cleanLine(run ?? id), longestKey).text}`;

const caps = { facts: 30, sections: 10, links: 10 };
const valueLimit = 1000;

/** A message as alerting services show it: a headline, one text, and named values. */
export interface AlertView {
  readonly action: Exclude<AlertAction, 'nothing'>;
  readonly key: string;
  readonly event: string;
  readonly severity: Severity;
  readonly at: string;
  /** The machine that tells of it; null: not known. */
  readonly host: string | null;
  /** The title, and who must act. */
  readonly headline: string;
  readonly text: string;
  /** Each name once. */
  readonly details: Readonly<Record<string, string>>;
  readonly links: readonly { readonly title: string; readonly url: string }[];
  readonly isTruncated: boolean;
}

const textOf = (view: View, { acts }: Message, notes: readonly string[]): string =>
  [
    ...(view.acts === null ? [] : [`${view.acts.heading}: ${view.acts.what}`]),
    ...(acts === undefined ? [] : commandsOf(acts).map((command) => `  ${cleanLine(command)}`)),
    ...(view.summary === '' ? [] : [view.summary]),
    ...view.sections.map(({ title, text }) => (title === '' ? text : `${title}: ${text}`)),
    ...notes.map(cleanLine),
  ].join('\n');

/** The message of an alert; `action` as {@link alertActionOf} says, `nothing` being shown as an alert that opens. */
export const alertViewOf = (message: Message, notes: readonly string[]): AlertView => {
  const view = viewOf(message, caps, []);
  const action = alertActionOf(message);
  const run = view.run === null ? [] : [{ name: 'Run', value: view.run }];
  const named = new Map<string, string>();
  for (const { name, value } of [...view.facts, ...run])
    if (!named.has(name)) named.set(name, fitText(value, valueLimit).text);
  return {
    action: action === 'close' ? 'close' : 'open',
    key: alertKeyOf(message),
    event: view.event,
    severity: view.severity,
    at: new Date(message.at).toISOString(),
    host: cleanLine(message.situation?.host ?? '') || null,
    headline:
      message.acts === undefined ? view.title : `${view.title}. ${actsHeading(message.acts)}.`,
    text: cleanText(textOf(view, message, notes)),
    details: Object.fromEntries(named),
    links: view.links.flatMap(({ title, url }) => {
      const safe = safeUrl(url);
      return safe === null ? [] : [{ title, url: safe }];
    }),
    isTruncated: Object.values(view.leftOut).some((left) => left !== 0 && left !== false),
  };
};

/** Fits texts of an alert, and remembers whether one had to be cut. */
export const alertFitting = (view: AlertView) => {
  let { isTruncated } = view;
  return {
    fit: (text: string, limit: number): string => {
      const fitted = fitText(text, limit);
      isTruncated ||= fitted.isCut;
      return fitted.text;
    },
    isTruncated: () => isTruncated,
  };
};
