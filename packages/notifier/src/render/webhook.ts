import { mapActs } from '../acts.ts';
import type { Message } from '../message.ts';
import { mapSituation } from '../situation.ts';
import { truncate, utf8Bytes } from '../text/cut.ts';
import { wellFormed } from '../text/well-formed.ts';
import { type Composed, composeWithin, leftOutSentence, type View } from './view.ts';

/** Standard Webhooks: "payloads should be under 20 kB". */
const webhookBudgetBytes = 20_000;

/** A run's id is far shorter. */
const longestRun = 200;

/** Body of a POST to a generic webhook, in the envelope of Standard Webhooks. */
export interface WebhookPayload {
  /** `rollout.` and the event with underscores: `rollout.gate_break`. */
  readonly type: string;
  readonly timestamp: string;
  readonly data: Message & {
    readonly notes?: readonly string[];
    /** Present where something was left out: what, in words. */
    readonly truncated?: string;
  };
}

/** JSON needs no escape but its own: texts go as they are, only half surrogates are replaced. */
const rawView = (message: Message, notes: readonly string[]): View => ({
  event: message.event,
  severity: message.severity,
  title: wellFormed(message.title),
  summary: wellFormed(message.summary),
  acts: null,
  facts: message.facts.map(({ name, value }) => ({
    name: wellFormed(name),
    value: wellFormed(value),
  })),
  sections: message.sections.map(({ title, text }) => ({
    title: wellFormed(title),
    text: wellFormed(text),
  })),
  links: message.links.map(({ title, url }) => ({
    title: wellFormed(title),
    url: wellFormed(url),
  })),
  at: message.at,
  id: message.id,
  run: message.run === null ? null : truncate(wellFormed(message.run), longestRun),
  notes,
  leftOut: { facts: 0, sections: 0, links: 0, isShortened: false },
});

/** Never left out, so kept short. */
const longestText = 400;

const short = (text: string): string => truncate(wellFormed(text), longestText);

const buildFor = (message: Message) => (view: View) => {
  const { acts, situation } = message;
  const truncated = leftOutSentence(view.leftOut, false);
  const { id, event, severity, title, summary, facts, sections, links, at, run, notes } = view;
  const payload: WebhookPayload = {
    type: `rollout.${event.replaceAll('-', '_')}`,
    timestamp: new Date(at).toISOString(),
    data: {
      id,
      event,
      severity,
      title,
      summary,
      facts,
      sections,
      links,
      at,
      run,
      ...(acts === undefined ? {} : { acts: mapActs(acts, short) }),
      ...(situation === undefined ? {} : { situation: mapSituation(situation, short) }),
      ...(notes.length === 0 ? {} : { notes }),
      ...(truncated === null ? {} : { truncated }),
    },
  };
  return { payload, isShortened: truncated !== null };
};

/** {@link renderWebhook}, with whether anything was left out. */
export const composeWebhook = (
  message: Message,
  notes: readonly string[] = [],
): Composed<WebhookPayload> =>
  composeWithin(rawView(message, notes), webhookBudgetBytes, buildFor(message), (payload) =>
    utf8Bytes(JSON.stringify(payload)),
  );

/** The message as it is, in at most 20,000 bytes; `data.truncated` says what was left out. */
export const renderWebhook = (message: Message, notes: readonly string[] = []): WebhookPayload =>
  composeWebhook(message, notes).payload;
