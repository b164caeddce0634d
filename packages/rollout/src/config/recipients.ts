import { eventNames, type Message, type Severity, severities } from '@dhash/notifier';

/** What a message is about that a person sends, beside the events of a rollout. */
export const messageTypes = ['deploy', 'migrate', 'backup', 'monitor', 'rollback', 'test'] as const;

/** What an entry of `notify` may ask for: events of a rollout, and the types of messages of people. */
export const notifiableEvents: readonly string[] = [...new Set([...eventNames, ...messageTypes])];

/** Said at each mark of a watch: only to entries that name them, so that channels stay quiet. */
const snapshotEvents = ['t-plus-5', 't-plus-15', 't-plus-30', 't-plus-60'] as const;

/** An entry of an environment's `notify`. */
export interface NotifyEntry {
  readonly channel: string;
  /** `null`: all but the snapshots. */
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

const isWanted = (entry: NotifyEntry, { event, severity }: Message, sender: Sender): boolean => {
  if (severities.indexOf(severity) < severities.indexOf(entry.minSeverity)) return false;
  if (entry.events !== null) return entry.events.includes(event);
  // Nobody is told by themselves how a watch goes; a person who sends a snapshot means it.
  return sender === 'person' || !snapshotEvents.some((snapshot) => snapshot === event);
};

/** The channels that at least one entry sends a message to. */
export const channelsFor = (
  notify: readonly NotifyEntry[],
  message: Message,
  sender: Sender,
): string[] => channelNames(notify.filter((entry) => isWanted(entry, message, sender)));
