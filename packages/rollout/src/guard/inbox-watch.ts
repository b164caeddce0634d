import { messageOf } from '../errors.ts';
import type { Clock } from '../process/clock.ts';
import { dropRequest, type InboxRequest, readInbox } from '../record/inbox.ts';
import type { Recorder } from '../record/recorder.ts';

/** Between two looks into the inbox, ms: a request is taken within a second. */
const lookEveryMs = 500;

/**
 * Looks into a run's inbox until aborted. Each request goes on the record before it is removed and
 * before anyone acts on it.
 */
export const watchInbox = async (
  inbox: string,
  recorder: Recorder,
  clock: Clock,
  signal: AbortSignal,
  onRequest: (request: InboxRequest) => void,
): Promise<void> => {
  while (!signal.aborted) {
    for (const taken of await readInbox(inbox)) {
      const { request, problem } = taken;
      await recorder.record(
        request === null
          ? { type: 'request.unreadable', file: taken.file, problem: problem ?? '' }
          : {
              type: 'request.taken',
              kind: request.kind,
              user: request.user,
              reason: request.reason,
              requestedAt: request.at,
            },
      );
      await dropRequest(taken);
      if (request !== null) onRequest(request);
    }
    try {
      await clock.sleep(lookEveryMs, signal);
    } catch (error) {
      if (!signal.aborted)
        throw new Error(`the inbox watch failed: ${messageOf(error)}`, { cause: error });
    }
  }
};
