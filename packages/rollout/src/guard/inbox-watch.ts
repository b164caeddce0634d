import { messageOf } from '../errors.ts';
import type { Clock } from '../process/clock.ts';
import { dropRequest, type InboxRequest, readInbox } from '../record/inbox.ts';
import type { Recorder } from '../record/recorder.ts';
import { obeyBudgetMs } from '../takeover/requests.ts';

/** Between two looks into the inbox, ms: a request is taken within a second. */
const lookEveryMs = 500;

/** Why a request is not obeyed; `null`: it is. Whoever asked has given up by then, or lived by another clock. */
export const whyIgnored = (request: Pick<InboxRequest, 'at'>, nowMs: number): string | null => {
  const ageMs = nowMs - Date.parse(request.at);
  return Math.abs(ageMs) <= obeyBudgetMs
    ? null
    : `it is of ${request.at}, and nobody waits for an answer longer than ${obeyBudgetMs / 1000} s`;
};

/**
 * Looks into a run's inbox until aborted. Each request goes on the record before it is removed and
 * before anyone acts on it; one that nobody waits for any more is put on the record and not obeyed.
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
      const { request, problem, file } = taken;
      if (request === null) {
        await recorder.record({ type: 'request.unreadable', file, problem: problem ?? '' });
        await dropRequest(taken);
        continue;
      }
      const { kind, user, reason, at: requestedAt } = request;
      const why = whyIgnored(request, clock.now());
      await recorder.record(
        why === null
          ? { type: 'request.taken', kind, user, reason, requestedAt }
          : { type: 'request.ignored', kind, user, reason, requestedAt, why },
      );
      await dropRequest(taken);
      if (why === null) onRequest(request);
    }
    try {
      await clock.sleep(lookEveryMs, signal);
    } catch (error) {
      if (!signal.aborted)
        throw new Error(`the inbox watch failed: ${messageOf(error)}`, { cause: error });
    }
  }
};
