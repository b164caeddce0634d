import { downtimeOf, downtimeUntil } from '../record/downtime.ts';
import type { RecordedEvent } from '../record/events.ts';
import type { RunMessage } from './event-messages.ts';

/** The messages of an event, each with how long the run had the service down by then; as they are where it had not. Pure. */
export const withDowntime = (
  messages: readonly RunMessage[],
  event: RecordedEvent,
  events: readonly RecordedEvent[],
): readonly RunMessage[] => {
  if (messages.length === 0) return messages;
  const downtimeMs = downtimeUntil(downtimeOf(events), Date.parse(event.at));
  return messages.map((message) =>
    message.standing === undefined || downtimeMs === null
      ? message
      : { ...message, standing: { ...message.standing, downtimeMs } },
  );
};
