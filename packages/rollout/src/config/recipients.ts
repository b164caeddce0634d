import { eventNames, type Message, type Severity, severities } from '@dhash/notifier';

/** What a message is about that a person sends, beside the events of a rollout. */
export const messageTypes = ['deploy', 'migrate', 'backup', 'monitor', 'rollback', 'test'] as const;

/** What an entry of `notify` may ask for: events of a rollout, and the types of messages of people. */
export const notifiableEvents: readonly string[] = [...new Set([...eventNames, ...messageTypes])];

/** Said at each mark of a watch, and after steps that went well: only to entries that name them, so that channels stay quiet. */
const askedOnlyEvents = [
  't-plus-5',
  't-plus-15',
  't-plus-30',
  't-plus-60',
  'backup-done',
  'migrate-done',
] as const;

/** An entry of an environment's `notify`. */
export interface NotifyEntry {
  readonly channel: string;
  /** `null`: all but those of {@link askedOnlyEvents}. */
  readonly events: readonly string[] | null;
  readonly minSeverity: Severity;
}

type Written =
  | string
  | {
      readonly channel: string;
      readonly events?: readonly string[] | undefined;
      readonly minSeverity?: Severity | undefined;
    };

/** An entry as it is written, a name or a map, with its defaults. */
export const notifyEntry = (written: Written): NotifyEntry =>
  typeof written === 'string'
    ? { channel: written, events: null, minSeverity: 'info' }
    : {
        channel: written.channel,
        events: written.events ?? null,
        minSeverity: written.minSeverity ?? 'info',
      };

/** Each channel that these entries name, once. */
export const channelNames = (notify: readonly NotifyEntry[]): string[] => [
  ...new Set(notify.map(({ channel }) => channel)),
];

type Sender = 'rollout' | 'person';

/** Why an entry does not want a message, in words for a person; null: it does. */
const whyUnwanted = (
  entry: NotifyEntry,
  { event, severity }: Message,
  sender: Sender,
): string | null => {
  if (severities.indexOf(severity) < severities.indexOf(entry.minSeverity))
    return `minSeverity ${entry.minSeverity} (this is ${severity})`;
  if (entry.events !== null)
    return entry.events.includes(event)
      ? null
      : `events ${entry.events.join(', ')} (this is ${event})`;
  // Nobody is told unasked how a watch or a step goes; a person who sends such a message means it.
  return sender === 'rollout' && askedOnlyEvents.some((quiet) => quiet === event)
    ? `no entry's events name ${event}`
    : null;
};

/** The channels that at least one entry sends a message to. */
export const channelsFor = (
  notify: readonly NotifyEntry[],
  message: Message,
  sender: Sender,
): string[] => channelNames(notify.filter((entry) => whyUnwanted(entry, message, sender) === null));

/** The channels that no entry sends it to, each with the reasons of its entries. */
export const channelsWithout = (
  notify: readonly NotifyEntry[],
  message: Message,
  sender: Sender,
): { readonly channel: string; readonly why: string }[] => {
  const getting = channelsFor(notify, message, sender);
  return channelNames(notify)
    .filter((channel) => !getting.includes(channel))
    .map((channel) => ({
      channel,
      why: notify
        .filter((entry) => entry.channel === channel)
        .map((entry) => whyUnwanted(entry, message, sender))
        .filter((why) => why !== null)
        .join('; '),
    }));
};
