import type { JournalEvent } from '@dhash/journal';
import { exitCodes, RolloutError } from '../errors.ts';
import { eventSchemas, type RecordedEvent } from './events.ts';

const schemas: ReadonlyMap<string, (typeof eventSchemas)[keyof typeof eventSchemas]> = new Map(
  Object.entries(eventSchemas),
);

/** What an event holds that this version does not know; `null`: nothing. */
export const unknownIn = (type: string, fields: object): string | null => {
  const schema = schemas.get(type);
  if (schema === undefined) return 'is an event that is not known here';
  const parsed = schema.safeParse(fields);
  if (parsed.success) return null;
  const [issue] = parsed.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  return `holds what is not known here (${where}${issue?.message ?? 'not as expected'})`;
};

/**
 * Gives the events of a verified journal their types.
 *
 * @param file for the message
 * @throws RolloutError `unknown-event` (exit 8), naming the line, where a name, a field or a step is not known.
 */
export const readEvents = (
  events: readonly JournalEvent[],
  file: string,
): readonly RecordedEvent[] => {
  for (const event of events) {
    const { seq, at: _at, prev: _prev, hash: _hash, format: _format, type, ...fields } = event;
    const unknown = unknownIn(type, fields);
    if (unknown !== null)
      throw new RolloutError(
        'unknown-event',
        exitCodes.notVerified,
        `${file}:${seq} (${type}) ${unknown}: another version wrote it; go on with that version, or a newer one`,
      );
  }
  // Each was just held against the schema of its type.
  return events as readonly unknown[] as readonly RecordedEvent[];
};
