import { type Acts, isActs, mapActs } from './acts.ts';
import { type Attachment, isAttachments } from './attachments.ts';
import { NotifierError } from './errors.ts';
import { isSituation, mapSituation, type Situation } from './situation.ts';

/** From least to most urgent. */
export const severities = ['info', 'warning', 'critical'] as const;

/** How urgent a message is. */
export type Severity = (typeof severities)[number];

/** What is to be said, before any channel's format: plain texts, no markup. */
export interface Message {
  /** 1 to 64 of `A-Z a-z 0-9 _ -`; the idempotency key of every delivery. */
  readonly id: string;
  /** The event's name, e.g. `gate-break`; also the template's. */
  readonly event: string;
  readonly severity: Severity;
  readonly title: string;
  readonly summary: string;
  readonly facts: readonly { readonly name: string; readonly value: string }[];
  readonly sections: readonly { readonly title: string; readonly text: string }[];
  readonly links: readonly { readonly title: string; readonly url: string }[];
  /** ISO-8601 UTC. */
  readonly at: string;
  /** The run it belongs to; messages of one run and severity keep their order. */
  readonly run: string | null;
  /** Who must act. Not there: nobody, it is only told. */
  readonly acts?: Acts | undefined;
  /** What runs, what it cost, where and by whom. */
  readonly situation?: Situation | undefined;
  /** Files that a mail carries: the page of the run. */
  readonly attachments?: readonly Attachment[] | undefined;
}

/** Whether `severity` is at least as urgent as `floor`. */
export const isAtLeast = (severity: Severity, floor: Severity): boolean =>
  severities.indexOf(severity) >= severities.indexOf(floor);

/** File names, headers and signatures are built from ids: nothing else may be in one. */
const idPattern = /^[A-Za-z0-9_-]{1,64}$/;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const listOf = (value: unknown, keys: readonly string[]): boolean =>
  Array.isArray(value) &&
  value.every((item) => isRecord(item) && keys.every((key) => typeof item[key] === 'string'));

const rules: readonly {
  readonly says: string;
  readonly holds: (m: Record<string, unknown>) => boolean;
}[] = [
  {
    says: '"id" must be 1 to 64 of A-Z a-z 0-9 _ -',
    holds: ({ id }) => typeof id === 'string' && idPattern.test(id),
  },
  {
    says: '"event" must be a name of a-z 0-9 -',
    holds: ({ event }) => typeof event === 'string' && /^[a-z0-9][a-z0-9-]{0,63}$/.test(event),
  },
  {
    says: `"severity" must be one of ${severities.join(', ')}`,
    holds: ({ severity }) => severities.some((known) => known === severity),
  },
  { says: '"title" must be a text', holds: ({ title }) => typeof title === 'string' },
  { says: '"summary" must be a text', holds: ({ summary }) => typeof summary === 'string' },
  {
    says: '"facts" must be a list of { name, value }, both texts',
    holds: ({ facts }) => listOf(facts, ['name', 'value']),
  },
  {
    says: '"sections" must be a list of { title, text }, both texts',
    holds: ({ sections }) => listOf(sections, ['title', 'text']),
  },
  {
    says: '"links" must be a list of { title, url }, both texts',
    holds: ({ links }) => listOf(links, ['title', 'url']),
  },
  {
    says: '"at" must be an ISO-8601 time',
    holds: ({ at }) => typeof at === 'string' && !Number.isNaN(Date.parse(at)),
  },
  {
    says: '"run" must be a text or null',
    holds: ({ run }) => run === null || typeof run === 'string',
  },
  {
    says: '"acts" must be { who: "tool acts" or "tool has acted", what } or { who: "you must", what, commands }',
    holds: ({ acts }) => acts === undefined || isActs(acts),
  },
  {
    says: '"situation" must be { serving, downtimeMs, rowsSetAside, host, operator }, each null where it is not known',
    holds: ({ situation }) => situation === undefined || isSituation(situation),
  },
  {
    says: '"attachments" must be a list of { name, path }, with a name of A-Z a-z 0-9 . _ -',
    holds: ({ attachments }) => attachments === undefined || isAttachments(attachments),
  },
];

/**
 * The value as a {@link Message}, with nothing else in it.
 * @throws NotifierError `bad-message` that names every broken rule, never a value.
 */
export const parseMessage = (value: unknown): Message => {
  if (!isRecord(value)) throw new NotifierError('bad-message', 'a message must be an object');
  const broken = rules.filter(({ holds }) => !holds(value)).map(({ says }) => says);
  if (broken.length > 0)
    throw new NotifierError('bad-message', `this message can't be sent: ${broken.join('; ')}`);
  // Every field was checked by the rules above.
  const message = value as unknown as Message;
  return {
    id: message.id,
    event: message.event,
    severity: message.severity,
    title: message.title,
    summary: message.summary,
    facts: message.facts.map(({ name, value: text }) => ({ name, value: text })),
    sections: message.sections.map(({ title, text }) => ({ title, text })),
    links: message.links.map(({ title, url }) => ({ title, url })),
    at: message.at,
    run: message.run,
    ...stateOf(message, (text) => text),
  };
};

const stateOf = (
  { acts, situation, attachments }: Message,
  change: (text: string) => string,
): Pick<Message, 'acts' | 'situation' | 'attachments'> => ({
  ...(acts === undefined ? {} : { acts: mapActs(acts, change) }),
  ...(situation === undefined ? {} : { situation: mapSituation(situation, change) }),
  ...(attachments === undefined
    ? {}
    : { attachments: attachments.map(({ name, path }) => ({ name, path })) }),
});

/** The message with `change` applied to every text a person reads (not id, event, times). */
export const mapTexts = (message: Message, change: (text: string) => string): Message => ({
  ...message,
  title: change(message.title),
  summary: change(message.summary),
  facts: message.facts.map(({ name, value }) => ({ name: change(name), value: change(value) })),
  sections: message.sections.map(({ title, text }) => ({
    title: change(title),
    text: change(text),
  })),
  links: message.links.map(({ title, url }) => ({ title: change(title), url: change(url) })),
  ...stateOf(message, change),
});
